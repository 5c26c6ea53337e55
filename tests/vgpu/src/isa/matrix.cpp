// Matrix instructions of a warp: ldmatrix, stmatrix, movmatrix, mma.sync. (wmma is in wmma.cpp, the
// arithmetic in mma_core.h.)
#include "tests/vgpu/src/isa/matrix.h"

#include "tests/vgpu/src/isa/rows.h"
namespace vgpu {
namespace mma {
std::string_view Types::operator[](size_t i) const { return i < n ? t[i] : std::string_view(); }
Types types_of(const Lower& l) {
  static const char* names[] = {"f16", "bf16", "tf32", "f32", "f64", "e4m3", "e5m2",
                                "s8",  "u8",   "s4",   "u4",  "b1",  "s32"};
  Types r;
  for (auto m : l.s.mods)
    for (auto* k : names)
      if (m == k && r.n < 4) r.t[r.n++] = m;
  return r;
}
bool shape_of(const Lower& l, int& m, int& n, int& k) {
  for (auto s : l.s.mods)
    if (s.size() > 5 && s[0] == 'm' && isdigit((u8)s[1]) &&
        sscanf(std::string(s).c_str(), "m%dn%dk%d", &m, &n, &k) == 3)
      return true;
  return false;
}
std::vector<const PtxOperand*> vector_operand(Lower& l, size_t i, size_t want) {
  const PtxOperand& o = l.op(i);
  std::vector<const PtxOperand*> v;
  if (o.kind == PtxOperand::Vec)
    for (auto& x : o.sub) v.push_back(&x);
  else
    v.push_back(&o);
  if (want && v.size() != want)
    l.bad(format_text("operand %zu should have %zu registers", i, want));
  return v;
}

template <class TA, class TB, class X, class CD, class CC, int RH, int J, int TILES>
void handler(Warp& w, const Instruction& I, u32 mask) {
  if (!whole_warp(w, I, mask)) return;
  run<TA, TB, X, CD, CC, RH, J, TILES>(w, w.ops(I), mask);
  w.th->tensor_flops += 2ull * TILES * (8 * RH) * 8 * (J * 4 * TA::pack);
}
template <int RH, int J>
void handler_f64(Warp& w, const Instruction& I, u32 mask) {
  if (!whole_warp(w, I, mask)) return;
  run_f64<RH, J>(w, w.ops(I), mask);
  w.th->tensor_flops += 2ull * (8 * RH) * 8 * (J * 4);
}
// RH, J and TILES that exist for a packing: one or two registers of B, two tiles only in wmma
// shapes.
template <class TA, class TB, class X, class CD, class CC>
Handler sized(int rh, int j, int tiles) {
  constexpr bool integer = !std::is_same_v<X, F32Acc>, eight = TA::parts == 4 && !integer;
  if constexpr (integer)
    if (rh == 1 && j == 1 && tiles == 1) return handler<TA, TB, X, CD, CC, 1, 1, 1>;
  if (rh == 2 && j == 1 && tiles == 1) return handler<TA, TB, X, CD, CC, 2, 1, 1>;
  if (rh == 2 && j == 2 && tiles == 1) return handler<TA, TB, X, CD, CC, 2, 2, 1>;
  if constexpr (!integer && !eight)
    if (rh == 2 && j == 2 && tiles == 2) return handler<TA, TB, X, CD, CC, 2, 2, 2>;
  if constexpr (integer && TA::pack == 4)
    if (rh == 2 && j == 1 && tiles == 2) return handler<TA, TB, X, CD, CC, 2, 1, 2>;
  return nullptr;
}
template <class TA, class TB, class X>
Handler int_acc(bool sat, int rh, int j, int tiles) {
  return sat ? sized<TA, TB, X, CS32<true>, CS32<true>>(rh, j, tiles)
             : sized<TA, TB, X, CS32<false>, CS32<false>>(rh, j, tiles);
}
template <class TA, class TB>
Handler float_acc(std::string_view d, std::string_view c, int rh, int j, int tiles) {
  if (d == "f32" && c == "f32") return sized<TA, TB, F32Acc, CF32, CF32>(rh, j, tiles);
  if constexpr (!std::is_same_v<TA, BF16> && !std::is_same_v<TA, TF32>) {
    if (d == "f16" && c == "f16") return sized<TA, TB, F32Acc, CF16, CF16>(rh, j, tiles);
    if constexpr (std::is_same_v<TA, F16>) {
      if (d == "f32" && c == "f16") return sized<TA, TB, F32Acc, CF32, CF16>(rh, j, tiles);
      if (d == "f16" && c == "f32") return sized<TA, TB, F32Acc, CF16, CF32>(rh, j, tiles);
    }
  }
  return nullptr;
}
Handler find(std::string_view d, std::string_view a, std::string_view b, std::string_view c,
             bool sat, bool xor_pop, int rh, int j, int tiles) {
  if (a == "f64")
    return tiles != 1          ? nullptr
           : rh == 1 && j == 1 ? handler_f64<1, 1>
           : rh == 2 && j == 1 ? handler_f64<2, 1>
           : rh == 2 && j == 2 ? handler_f64<2, 2>
           : rh == 2 && j == 4 ? handler_f64<2, 4>
                               : nullptr;
  if (a == "f16" && b == "f16") return float_acc<F16, F16>(d, c, rh, j, tiles);
  if (a == "bf16" && b == "bf16") return float_acc<BF16, BF16>(d, c, rh, j, tiles);
  if (a == "tf32" && b == "tf32") return float_acc<TF32, TF32>(d, c, rh, j, tiles);
  if (a == "e4m3")
    return b == "e4m3"   ? float_acc<E4M3, E4M3>(d, c, rh, j, tiles)
           : b == "e5m2" ? float_acc<E4M3, E5M2>(d, c, rh, j, tiles)
                         : nullptr;
  if (a == "e5m2")
    return b == "e4m3"   ? float_acc<E5M2, E4M3>(d, c, rh, j, tiles)
           : b == "e5m2" ? float_acc<E5M2, E5M2>(d, c, rh, j, tiles)
                         : nullptr;
  if (d != "s32" || c != "s32") return nullptr;
  if (a == "s8")
    return b == "s8"   ? int_acc<S8, S8, DotAcc>(sat, rh, j, tiles)
           : b == "u8" ? int_acc<S8, U8, DotAcc>(sat, rh, j, tiles)
                       : nullptr;
  if (a == "u8")
    return b == "s8"   ? int_acc<U8, S8, DotAcc>(sat, rh, j, tiles)
           : b == "u8" ? int_acc<U8, U8, DotAcc>(sat, rh, j, tiles)
                       : nullptr;
  if (a == "s4")
    return b == "s4"   ? int_acc<S4, S4, DotAcc>(sat, rh, j, tiles)
           : b == "u4" ? int_acc<S4, U4, DotAcc>(sat, rh, j, tiles)
                       : nullptr;
  if (a == "u4")
    return b == "s4"   ? int_acc<U4, S4, DotAcc>(sat, rh, j, tiles)
           : b == "u4" ? int_acc<U4, U4, DotAcc>(sat, rh, j, tiles)
                       : nullptr;
  if (a == "b1" && b == "b1")
    return xor_pop ? int_acc<B1, B1, XorPop>(false, rh, j, tiles)
                   : int_acc<B1, B1, AndPop>(false, rh, j, tiles);
  return nullptr;
}
int packed(std::string_view t) {
  return t == "f16" || t == "bf16"   ? 2
         : t == "tf32" || t == "f64" ? 1
         : t == "s4" || t == "u4"    ? 8
         : t == "b1"                 ? 32
                                     : 4;
}
}  // namespace mma

namespace {
using namespace mma;
void op_mma(Lower& l) {
  if (l.has("sp") || l.has("sp::ordered_metadata")) l.bad("sparse mma is not supported");
  if (l.has("block_scale") || l.has("kind::f8f6f4") || l.has("kind::mxf8f6f4") ||
      l.has("kind::mxf4"))
    l.bad("mma with .kind is not supported (sm_120)");
  int m, n, k;
  Types t = types_of(l);
  if (!shape_of(l, m, n, k) || t.n != 4) l.bad("mma shape or types");
  const bool f64 = t[1] == "f64";
  const int rh = m / 8, per_k = 4 * packed(t[1]), j = k / per_k;
  Handler h = n == 8 && (m == 8 || m == 16) && k == j * per_k && j
                  ? find(t[0], t[1], t[2], t[3], l.has("satfinite"), l.has("xor"), rh, j, 1)
                  : nullptr;
  if (!h) l.bad("this mma shape and type is not supported");
  auto acc_regs = [&](std::string_view ty) { return (size_t)(rh * (ty == "f16" ? 1 : 2)); };
  const int bytes = f64 ? 8 : 4;
  const PtxType st = f64 ? PtxType::B64 : PtxType::B32;
  std::vector<u32> r;
  for (auto* o : vector_operand(l, 0, acc_regs(t[0]))) r.push_back(l.dst(*o, bytes));
  for (auto* o : vector_operand(l, 1, (size_t)(rh * j))) r.push_back(l.src(*o, st));
  for (auto* o : vector_operand(l, 2, (size_t)j)) r.push_back(l.src(*o, st));
  for (auto* o : vector_operand(l, 3, acc_regs(t[3])))
    r.push_back(l.src(*o, f64 ? PtxType::F64 : t[3] == "f32" ? PtxType::F32 : PtxType::B32));
  l.more(r);
  l.emit(h, InstructionClass::Tensor);
}

// ---- 8x8 matrices of 16-bit elements ----
// Transposing one, held as 64 halfwords in two vectors: result[8a+b] = source[8b+a].
struct alignas(64) TransposeTable {
  u16 v[64];
  constexpr TransposeTable() : v() {
    for (int a = 0; a < 8; a++)
      for (int b = 0; b < 8; b++) v[8 * a + b] = (u16)(8 * b + a);
  }
};
constexpr TransposeTable kTranspose;
VGPU_INLINE void transpose8(__m512i& x, __m512i& y) {
  const __m512i p = _mm512_permutex2var_epi16(x, _mm512_load_si512(kTranspose.v), y),
                q = _mm512_permutex2var_epi16(x, _mm512_load_si512(kTranspose.v + 32), y);
  x = p;
  y = q;
}
// A matrix in registers: lane l holds row l/4, columns 2*(l%4) and the next one, which is the
// matrix row by row.
void h_movmatrix(Warp& w, const Instruction& I, u32 mask) {
  if (!whole_warp(w, I, mask)) return;
  const u32* a = w.R<u32>(I.a);
  __m512i x = _mm512_load_si512(a), y = _mm512_load_si512(a + 16);
  transpose8(x, y);
  u32* d = w.R<u32>(I.dst);
  put(d, 0, mask, x);
  put(d, 1, mask, y);
}
void op_movmatrix(Lower& l) {
  l.I.dst = l.dst(0, 4);
  l.I.a = l.src(1, PtxType::B32);
  l.emit(h_movmatrix, InstructionClass::Shuffle);
}

template <int N>
constexpr u32 row_lanes = N == 4 ? ~0u : (1u << (8 * N)) - 1;  // lanes that give row addresses
template <int N, bool T>
void h_ldmatrix(Warp& w, const Instruction& I, u32 mask) {
  if (!whole_warp(w, I, mask)) return;
  alignas(64) u32 off[32];
  matrix_rows(w, I, row_lanes<N>, false, off);
  const u32* o = w.ops(I);
  __m512i x[N], y[N];
  for (int i = 0; i < N; i++) {
    x[i] = four_rows_at(w.shared, off + 8 * i);
    y[i] = four_rows_at(w.shared, off + 8 * i + 4);
    if (T) transpose8(x[i], y[i]);
  }
  for (int i = 0; i < N; i++) {
    u32* d = w.R<u32>(o[i]);
    put(d, 0, mask, x[i]);
    put(d, 1, mask, y[i]);
  }
}
template <int N, bool T>
void h_stmatrix(Warp& w, const Instruction& I, u32 mask) {
  if (!whole_warp(w, I, mask)) return;
  alignas(64) u32 off[32];
  matrix_rows(w, I, row_lanes<N>, true, off);
  const u32* o = w.ops(I);
  for (int i = 0; i < N; i++) {
    const u32* s = w.R<u32>(o[i]);
    __m512i x = _mm512_load_si512(s), y = _mm512_load_si512(s + 16);
    if (T) transpose8(x, y);
    alignas(64) u32 t[32];
    _mm512_store_si512(t, x);
    _mm512_store_si512(t + 16, y);
    for (int r = 0; r < 8; r++)
      _mm_store_si128((__m128i*)(w.shared + off[8 * i + r]),
                      _mm_load_si128((const __m128i*)(t + 4 * r)));
  }
}
template <bool STORE>
void op_matrix(Lower& l) {
  if (!l.has("m8n8") || l.ty() != PtxType::B16) l.bad("only .m8n8 matrices of .b16 are supported");
  const int n = l.has("x4") ? 4 : l.has("x2") ? 2 : 1;
  const bool t = l.has("trans");
  Space sp = l.space();
  l.address(l.op(STORE ? 0 : 1), sp);
  if (sp != Space::Shared && sp != Space::Generic) l.bad("the matrix must be in shared memory");
  std::vector<u32> r;
  for (auto* o : vector_operand(l, STORE ? 1 : 0, (size_t)n))
    r.push_back(STORE ? l.src(*o, PtxType::B32) : l.dst(*o, 4));
  l.more(r);
  l.I.y = (u8)sp;
  l.I.mem = l.mem_slot();
  Handler h;
  if (STORE)
    h = n == 1   ? (t ? h_stmatrix<1, true> : h_stmatrix<1, false>)
        : n == 2 ? (t ? h_stmatrix<2, true> : h_stmatrix<2, false>)
                 : (t ? h_stmatrix<4, true> : h_stmatrix<4, false>);
  else
    h = n == 1   ? (t ? h_ldmatrix<1, true> : h_ldmatrix<1, false>)
        : n == 2 ? (t ? h_ldmatrix<2, true> : h_ldmatrix<2, false>)
                 : (t ? h_ldmatrix<4, true> : h_ldmatrix<4, false>);
  l.emit(h, STORE ? InstructionClass::SharedSt : InstructionClass::SharedLd);
}

void op_ldmatrix(Lower& l) { op_matrix<false>(l); }
void op_stmatrix(Lower& l) { op_matrix<true>(l); }

void later(Lower& l) { l.bad("not implemented"); }
}  // namespace
VGPU_OP(movmatrix, op_movmatrix);
VGPU_OP(ldmatrix, op_ldmatrix);
VGPU_OP(stmatrix, op_stmatrix);
VGPU_OP(mma, op_mma);
VGPU_OP(tcgen05, later);
VGPU_OP(multimem, later);
}  // namespace vgpu
