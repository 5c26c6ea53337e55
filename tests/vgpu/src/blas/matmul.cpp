#include "tests/vgpu/src/blas/matmul.h"

#include <algorithm>
#include <memory>
#include <mutex>

#include "tests/vgpu/src/blas/blas.h"
namespace vgblas {
double read_scalar(T t, const void* p) {
  switch (t) {
    case T::F64:
      return *(const double*)p;
    case T::F16:
      return f16_to_f32(*(const u16*)p);
    case T::BF16:
      return bf16_to_f32(*(const u16*)p);
    case T::I32:
      return *(const s32*)p;
    default:
      return *(const float*)p;
  }
}
void Matmul::set_name() {
  const char* ty = round == Round::TF32   ? "tf32"
                   : round == Round::F16  ? "f32-as-f16"
                   : round == Round::BF16 ? "f32-as-bf16"
                                          : name_of(a.t);
  name = format_text("cublas gemm %lldx%lldx%lld %s", (long long)m, (long long)n, (long long)k, ty);
  if (b.t != a.t) name += format_text("*%s", name_of(b.t));
  if (batch != 1) name += format_text(" batch %lld", (long long)batch);
  static const struct {
    u32 bit;
    const char* s;
  } parts[] = {{EPI_BIAS, "bias"},   {EPI_RELU, "relu"},     {EPI_GELU, "gelu"},
               {EPI_DRELU, "drelu"}, {EPI_DGELU, "dgelu"},   {EPI_AUX, "aux"},
               {EPI_BGRAD, "bgrad"}, {EPI_BGRADA, "bgrada"}, {EPI_BGRADB, "bgradb"}};
  for (auto& p : parts)
    if (epilogue & p.bit) name += std::string("+") + p.s;
}
namespace {
VGPU_INLINE float sigmoid(float x) { return 1.f / (1.f + expf(-x)); }
constexpr float kC = 0.7978845608028654f, kA = 0.044715f;  // sqrt(2 / pi)
// x * (1 + tanh(u)) / 2 = x * sigmoid(2 u), u = c (x + a x^3)
VGPU_INLINE float gelu(float x) { return x * sigmoid(2 * kC * (x + kA * x * x * x)); }
VGPU_INLINE float dgelu(float x) {
  const float s = sigmoid(2 * kC * (x + kA * x * x * x));
  return s + x * s * (1 - s) * 2 * kC * (1 + 3 * kA * x * x);
}
float largest(const float* v, s64 n, float m) {
  for (s64 i = 0; i < n; i++) m = std::max(m, std::fabs(v[i]));
  return m;
}

struct Outputs {  // one matrix of the batch
  const Matmul& q;
  s64 index;
  View c, d;
  const void *alpha, *beta;
  bool vec_a, vec_b;  // device vectors, or the numbers below
  double av, bv;
  std::vector<std::vector<double>> bgrad;  // by piece of work
  std::mutex mu;
  float amax = 0, amax_aux = 0;
  Outputs(const Matmul& q_, s64 x) : q(q_), index(x) {}
};
struct FloatSink : Sink, Outputs {
  using Outputs::Outputs;
  float ab = 1;  // scale of A times scale of B
  float alpha_at(s64 i) const { return vec_a ? ((const float*)alpha)[i] : (float)av; }
  void put(const void* acc, s64 ld, s64 i0, s64 mi, s64 j0, s64 nj, int part) override {
    std::vector<float> buf((size_t)mi * 3);
    float *v = buf.data(), *t = v + mi, *bias = t + mi;
    const u32 e = q.epilogue;
    float am = 0, am_aux = 0;
    if (e & EPI_BIAS)
      load_f32(q.bias_t, (const u8*)q.bias + (index * q.bias_stride + i0) * size_of(q.bias_t), 1,
               mi, bias);
    const float sc = q.scale_c ? *q.scale_c : 1.f, sd = q.scale_d ? *q.scale_d : 1.f,
                saux = q.scale_aux ? *q.scale_aux : 1.f;
    const bool no_product = !vec_a && av == 0, no_c = !vec_b && bv == 0;
    for (s64 j = 0; j < nj; j++) {
      if (q.acc == Acc::I32) {
        auto* x = (const s32*)acc + j * ld;
        for (s64 i = 0; i < mi; i++) v[i] = (float)x[i];
      } else
        memcpy(v, (const float*)acc + j * ld, (size_t)mi * 4);
      if (no_product)
        memset(v, 0, (size_t)mi * 4);
      else if (vec_a || q.outer_a || q.outer_b) {
        const float sb = q.outer_b ? q.scale_b[j0 + j] : 1.f;
        for (s64 i = 0; i < mi; i++)
          v[i] *= alpha_at(i0 + i) * ab * (q.outer_a ? q.scale_a[i0 + i] : 1.f) * sb;
      } else if (float f = (float)av * ab; f != 1.f)
        for (s64 i = 0; i < mi; i++) v[i] *= f;
      if (!no_c) {
        load_f32(c.t, at(c, i0, j0 + j), c.rs, mi, t);
        if (vec_b) {
          auto* bp = (const float*)beta;
          for (s64 i = 0; i < mi; i++)
            if (bp[i0 + i] != 0) v[i] = std::fma(bp[i0 + i] * sc, t[i], v[i]);
        } else {
          const float f = (float)bv * sc;
          for (s64 i = 0; i < mi; i++) v[i] = std::fma(f, t[i], v[i]);
        }
      }
      if (e & EPI_BIAS)
        for (s64 i = 0; i < mi; i++) v[i] += bias[i];
      if (e & (EPI_GELU | EPI_DGELU)) {
        void* aux =
            (u8*)q.aux + (index * q.aux_stride + (j0 + j) * q.aux_ld + i0) * size_of(q.aux_t);
        if (e & EPI_DGELU) {
          load_f32(q.aux_t, aux, 1, mi, t);
          for (s64 i = 0; i < mi; i++) v[i] *= dgelu(t[i] * saux);
        } else {
          if (e & EPI_AUX) {
            if (q.amax_aux) am_aux = largest(v, mi, am_aux);
            if (saux != 1.f) {
              for (s64 i = 0; i < mi; i++) t[i] = v[i] * saux;
              store_f32(q.aux_t, aux, 1, mi, t);
            } else
              store_f32(q.aux_t, aux, 1, mi, v);
          }
          for (s64 i = 0; i < mi; i++) v[i] = gelu(v[i]);
        }
      }
      if (e & (EPI_RELU | EPI_DRELU)) {
        u8* aux = (u8*)q.aux +
                  (index * q.aux_stride + (j0 + j) * q.aux_ld + i0) / 8;  // i0 is a multiple of 32
        if (e & EPI_DRELU) {
          for (s64 i = 0; i < mi; i++)
            if (!(aux[i / 8] >> (i % 8) & 1)) v[i] = 0;
        } else
          for (s64 i = 0; i < mi; i++) {
            const bool on = v[i] > 0;
            if (e & EPI_AUX) aux[i / 8] = (u8)((aux[i / 8] & ~(1 << i % 8)) | on << i % 8);
            v[i] = on ? v[i] : 0.f;
          }
      }
      if (e & EPI_BGRAD) {
        auto& g = bgrad[part];
        for (s64 i = 0; i < mi; i++) g[i0 + i] += v[i];
      }
      if (q.amax_d) am = largest(v, mi, am);
      if (sd != 1.f)
        for (s64 i = 0; i < mi; i++) v[i] *= sd;
      store_f32(d.t, (void*)at(d, i0, j0 + j), d.rs, mi, v);
    }
    std::lock_guard g(mu);
    amax = std::max(amax, am);
    amax_aux = std::max(amax_aux, am_aux);
  }
};
struct DoubleSink : Sink, Outputs {
  using Outputs::Outputs;
  void put(const void* acc, s64 ld, s64 i0, s64 mi, s64 j0, s64 nj, int) override {
    for (s64 j = 0; j < nj; j++) {
      const double* x = (const double*)acc + j * ld;
      for (s64 i = 0; i < mi; i++) {
        const double al = vec_a ? ((const double*)alpha)[i0 + i] : av,
                     be = vec_b ? ((const double*)beta)[i0 + i] : bv;
        double v = al == 0 ? 0 : al * x[i];
        if (be != 0) v = std::fma(be, *(const double*)at(c, i0 + i, j0 + j), v);
        if (q.epilogue & EPI_BIAS) v += ((const double*)q.bias)[index * q.bias_stride + i0 + i];
        if (q.epilogue & EPI_RELU) v = v > 0 ? v : 0;
        *(double*)at(d, i0 + i, j0 + j) = v;
      }
    }
  }
};
struct IntSink : Sink, Outputs {
  using Outputs::Outputs;
  void put(const void* acc, s64 ld, s64 i0, s64 mi, s64 j0, s64 nj, int) override {
    for (s64 j = 0; j < nj; j++) {
      const u32* x = (const u32*)acc + j * ld;
      for (s64 i = 0; i < mi; i++) {
        const s32 al = vec_a ? ((const s32*)alpha)[i0 + i] : (s32)av,
                  be = vec_b ? ((const s32*)beta)[i0 + i] : (s32)bv;
        u32 v = (u32)al * x[i];
        if (be) v += (u32)be * *(const u32*)at(c, i0 + i, j0 + j);
        *(u32*)at(d, i0 + i, j0 + j) = v;
      }
    }
  }
};
s64 extent(const Operand& o, s64 rows, s64 cols) {
  return rows <= 0 || cols <= 0 ? 0 : ((rows - 1) * o.rs + (cols - 1) * o.cs + 1) * size_of(o.t);
}
bool reachable(const Operand& o, s64 rows, s64 cols, s64 batch, const std::string& who,
               const char* operand) {
  const s64 bytes = extent(o, rows, cols);
  if (!bytes) return true;
  if (o.array) {
    if (!reach(o.p, batch * 8, who, operand)) return false;
    for (s64 x = 0; x < batch; x++)
      if (!reach(((void**)o.p)[x], bytes, who, operand)) return false;
    return true;
  }
  if (o.stride >= 0) return reach(o.p, bytes + (batch - 1) * o.stride * size_of(o.t), who, operand);
  return reach((const u8*)o.p + (batch - 1) * o.stride * size_of(o.t),
               bytes - (batch - 1) * o.stride * size_of(o.t), who, operand);
}
View matrix(const Operand& o, s64 x) {
  const void* p = o.array ? ((void**)o.p)[x] : (const u8*)o.p + x * o.stride * size_of(o.t);
  return {p, o.t, o.rs, o.cs};
}
// Sums of A over k (a value per row) or of B over k (a value per column).
void sums(const View& v, s64 count, s64 k, bool rows, T t, void* out) {
  std::vector<float> x((size_t)k);
  for (s64 i = 0; i < count; i++) {
    load_f32(v.t, rows ? at(v, i, 0) : at(v, 0, i), rows ? v.cs : v.rs, k, x.data());
    double s = 0;
    for (float f : x) s += f;
    const float r = (float)s;
    store_f32(t, (u8*)out + i * size_of(t), 1, 1, &r);
  }
}
}  // namespace

int Matmul::run() const {
  if (m <= 0 || n <= 0 || batch <= 0) return 0;
  const bool vec_a = scalars >= Scalars::Vectors, vec_b = scalars == Scalars::Vectors;
  const T vt = scale == T::F16 ? T::F32 : scale;  // element type of scalar vectors
  double av = alpha, bv = beta;
  if (scalars == Scalars::Device) {
    if (!reach(alpha_p, size_of(scale), name, "alpha") ||
        !reach(beta_p, size_of(scale), name, "beta"))
      return ILLEGAL_ADDRESS;
    av = read_scalar(scale, alpha_p);
    bv = read_scalar(scale, beta_p);
  }
  if (scalars == Scalars::AlphaVectorBetaZero) bv = 0;
  if (vec_a && !reach(alpha_p, ((batch - 1) * alpha_stride + m) * size_of(vt), name, "alpha"))
    return ILLEGAL_ADDRESS;
  if (vec_b && !reach(beta_p, ((batch - 1) * beta_stride + m) * size_of(vt), name, "beta"))
    return ILLEGAL_ADDRESS;
  const bool reads_c = vec_b || bv != 0, product = vec_a || av != 0;
  if (product && k > 0 &&
      (!reachable(a, m, k, batch, name, "A") || !reachable(b, k, n, batch, name, "B")))
    return ILLEGAL_ADDRESS;
  if (reads_c && !reachable(c, m, n, batch, name, "C")) return ILLEGAL_ADDRESS;
  if (!reachable(d, m, n, batch, name, d.p == c.p ? "C" : "D")) return ILLEGAL_ADDRESS;
  if (epilogue & (EPI_BIAS | EPI_BGRAD | EPI_BGRADA | EPI_BGRADB)) {
    const s64 len = epilogue & EPI_BGRADB ? n : m;
    if (!reach(bias, ((batch - 1) * bias_stride + len) * size_of(bias_t), name, "bias"))
      return ILLEGAL_ADDRESS;
  }
  if (epilogue & EPI_AUX) {
    const s64 elems = (batch - 1) * aux_stride + (n - 1) * aux_ld + m;
    if (!reach(aux, epilogue & (EPI_RELU | EPI_DRELU) ? (elems + 7) / 8 : elems * size_of(aux_t),
               name, "auxiliary matrix"))
      return ILLEGAL_ADDRESS;
  }
  if (!reach(scale_a, scale_a ? 4 * (outer_a ? m : 1) : 0, name, "scale of A") ||
      !reach(scale_b, scale_b ? 4 * (outer_b ? n : 1) : 0, name, "scale of B") ||
      !reach(scale_c, scale_c ? 4 : 0, name, "scale of C") ||
      !reach(scale_d, scale_d ? 4 : 0, name, "scale of D") ||
      !reach(scale_aux, scale_aux ? 4 : 0, name, "scale of the auxiliary matrix") ||
      !reach(amax_d, amax_d ? 4 : 0, name, "amax of D") ||
      !reach(amax_aux, amax_aux ? 4 : 0, name, "amax of the auxiliary matrix"))
    return ILLEGAL_ADDRESS;
  if (workspace_bytes) {
    if (!reach(workspace, (s64)workspace_bytes, name, "workspace")) return ILLEGAL_ADDRESS;
    memset(workspace, 0xff, workspace_bytes);  // NaNs: whoever keeps data there will notice
  }

  std::vector<std::unique_ptr<Sink>> sinks;
  std::vector<Outputs*> outs;
  std::vector<Product> work;
  for (s64 x = 0; x < batch; x++) {
    Outputs* o;
    if (scale == T::F64) {
      auto* s = new DoubleSink(*this, x);
      sinks.emplace_back(s);
      o = s;
    } else if (scale == T::I32) {
      auto* s = new IntSink(*this, x);
      sinks.emplace_back(s);
      o = s;
    } else {
      auto* s = new FloatSink(*this, x);
      sinks.emplace_back(s);
      o = s;
      s->ab = (scale_a && !outer_a ? *scale_a : 1.f) * (scale_b && !outer_b ? *scale_b : 1.f);
    }
    o->c = reads_c ? matrix(c, x) : View{};
    o->d = matrix(d, x);
    o->vec_a = vec_a;
    o->vec_b = vec_b;
    o->av = av;
    o->bv = bv;
    o->alpha = (const u8*)alpha_p + x * alpha_stride * size_of(vt);
    o->beta = (const u8*)beta_p + x * beta_stride * size_of(vt);
    if (epilogue & EPI_BGRAD)
      o->bgrad.assign((size_t)parts() + 1, std::vector<double>((size_t)m, 0.0));
    outs.push_back(o);
    const s64 kk = product ? k : 0;
    work.push_back(
        {m, n, kk, kk ? matrix(a, x) : View{}, kk ? matrix(b, x) : View{}, sinks.back().get()});
    if (epilogue & (EPI_BGRADA | EPI_BGRADB)) {
      void* out = (u8*)bias + x * bias_stride * size_of(bias_t);
      if (epilogue & EPI_BGRADA)
        sums(matrix(a, x), m, k, true, bias_t, out);
      else
        sums(matrix(b, x), n, k, false, bias_t, out);
    }
  }
  multiply(acc, round, work);
  float am = 0, am_aux = 0;
  for (auto* o : outs) {
    am = std::max(am, o->amax);
    am_aux = std::max(am_aux, o->amax_aux);
    if (!(epilogue & EPI_BGRAD)) continue;
    std::vector<float> g((size_t)m);
    for (s64 i = 0; i < m; i++) {
      double s = 0;
      for (auto& p : o->bgrad) s += p[(size_t)i];
      g[(size_t)i] = (float)s;
    }
    store_f32(bias_t, (u8*)bias + o->index * bias_stride * size_of(bias_t), 1, m, g.data());
  }
  if (amax_d) *amax_d = am;
  if (amax_aux) *amax_aux = am_aux;
  return 0;
}
}  // namespace vgblas
