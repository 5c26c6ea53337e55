// mov in all its forms, special registers, address-space conversion.
#include <ctime>

#include "tests/vgpu/src/exec/grid.h"
#include "tests/vgpu/src/isa/access.h"
namespace vgpu {
namespace {
template <class T>
void h_mov(Warp& w, const Instruction& I, u32 mask) {
  T* d = w.R<T>(I.dst);
  const T* a = w.R<T>(I.a);
  if constexpr (sizeof(T) <= 8) {
    if (mask == ~0u)
      memcpy(d, a, sizeof(T) * 32);
    else
      blend<T>(d, a, mask);
  } else
    for_lanes(mask, [&](int i) { d[i] = a[i]; });
}
void h_mov_pred(Warp& w, const Instruction& I, u32 mask) {
  w.setP(I.dst, mask, w.P(I.a) ^ (I.x ? ~0u : 0));
}
// E: element, N elements make one register.
template <class E, int N>
void h_pack(Warp& w, const Instruction& I, u32 mask) {
  const u32* o = w.ops(I);
  u8* d = w.R<u8>(I.dst);
  const E* s[N];
  for (int k = 0; k < N; k++) s[k] = w.R<E>(o[k]);
  if constexpr (sizeof(E) * N <= 8) {
    using W = std::conditional_t<sizeof(E) * N == 4, u32, u64>;
    each<W>((W*)d, mask, [=](int i) {
      W v = 0;
      for (int k = 0; k < N; k++) v |= (W)s[k][i] << (8 * sizeof(E) * k);
      return v;
    });
  } else
    for_lanes(mask, [&](int i) {
      E t[N];
      for (int k = 0; k < N; k++) t[k] = s[k][i];
      memcpy(d + i * sizeof t, t, sizeof t);
    });
}
template <class E, int N>
void h_unpack(Warp& w, const Instruction& I, u32 mask) {
  const u32* o = w.ops(I);
  const u8* s = w.R<u8>(I.a);
  if constexpr (sizeof(E) * N <= 8) {
    using W = std::conditional_t<sizeof(E) * N == 4, u32, u64>;
    alignas(64) W t[32];
    memcpy(t, s, sizeof t);
    for (int k = 0; k < N; k++)
      each<E>(w.R<E>(o[k]), mask, [&](int i) { return (E)(t[i] >> (8 * sizeof(E) * k)); });
  } else
    for_lanes(mask, [&](int i) {
      E t[N];
      memcpy(t, s + i * sizeof t, sizeof t);
      for (int k = 0; k < N; k++) w.R<E>(o[k])[i] = t[k];
    });
}
// Address of a variable in local memory / of a kernel parameter.
void h_local_addr64(Warp& w, const Instruction& I, u32 mask) {
  u64 v = w.frame->local_base + (u64)I.imm;
  each<u64>(w.R<u64>(I.dst), mask, [=](int) { return v; });
}
void h_local_addr32(Warp& w, const Instruction& I, u32 mask) {
  u32 v = w.frame->local_base + (u32)I.imm;
  each<u32>(w.R<u32>(I.dst), mask, [=](int) { return v; });
}
void h_param_addr(Warp& w, const Instruction& I, u32 mask) {
  u64 v = (u64)w.params + (u64)I.imm;
  each<u64>(w.R<u64>(I.dst), mask, [=](int) { return v; });
}

// ---- special registers ----
enum Sr : u8 {
  TID,
  NTID,
  CTAID,
  NCTAID,
  LANEID,
  WARPID,
  NWARPID,
  SMID,
  NSMID,
  GRIDID,
  LM_EQ,
  LM_LE,
  LM_LT,
  LM_GE,
  LM_GT,
  CLOCK,
  CLOCK_HI,
  CLOCK64,
  GTIME,
  GTIME_LO,
  GTIME_HI,
  DYN_SMEM,
  TOTAL_SMEM,
  ENVREG,
  CLUSTERID,
  NCLUSTERID,
  CL_CTAID,
  CL_NCTAID,
  CL_RANK,
  CL_NRANK,
  IS_CLUSTER,
  ZERO
};
struct SrName {
  const char* name;
  Sr sr;
  int bytes;
};
const SrName kSr[] = {{"%laneid", LANEID, 4},
                      {"%warpid", WARPID, 4},
                      {"%nwarpid", NWARPID, 4},
                      {"%smid", SMID, 4},
                      {"%nsmid", NSMID, 4},
                      {"%gridid", GRIDID, 8},
                      {"%lanemask_eq", LM_EQ, 4},
                      {"%lanemask_le", LM_LE, 4},
                      {"%lanemask_lt", LM_LT, 4},
                      {"%lanemask_ge", LM_GE, 4},
                      {"%lanemask_gt", LM_GT, 4},
                      {"%clock", CLOCK, 4},
                      {"%clock_hi", CLOCK_HI, 4},
                      {"%clock64", CLOCK64, 8},
                      {"%globaltimer", GTIME, 8},
                      {"%globaltimer_lo", GTIME_LO, 4},
                      {"%globaltimer_hi", GTIME_HI, 4},
                      {"%dynamic_smem_size", DYN_SMEM, 4},
                      {"%total_smem_size", TOTAL_SMEM, 4},
                      {"%aggr_smem_size", TOTAL_SMEM, 4},
                      {"%cluster_ctarank", CL_RANK, 4},
                      {"%cluster_nctarank", CL_NRANK, 4},
                      {"%current_graph_exec", ZERO, 8},
                      {"%reserved_smem_offset_begin", ZERO, 4},
                      {"%reserved_smem_offset_end", ZERO, 4},
                      {"%reserved_smem_offset_cap", ZERO, 4}};
const SrName kSr3[] = {{"%tid.", TID, 4},
                       {"%ntid.", NTID, 4},
                       {"%ctaid.", CTAID, 4},
                       {"%nctaid.", NCTAID, 4},
                       {"%clusterid.", CLUSTERID, 4},
                       {"%nclusterid.", NCLUSTERID, 4},
                       {"%cluster_ctaid.", CL_CTAID, 4},
                       {"%cluster_nctaid.", CL_NCTAID, 4}};

u64 dim(const Dim3& d, int k) { return k == 0 ? d.x : k == 1 ? d.y : d.z; }
u64 special(Warp& w, int sr, int k) {
  Launch& L = *w.launch;
  Block& b = *w.blk;
  switch (sr) {
    case NTID:
      return dim(L.block, k);
    case CTAID:
      return b.ctaid[k];
    case NCTAID:
      return dim(L.grid, k);
    case WARPID:
      return w.id;
    case NWARPID:
      return 64;
    case SMID:
      return b.linear % 132;
    case NSMID:
      return 132;
    case GRIDID:
      return L.grid_id;
    case CLOCK:
    case CLOCK64:
      return __builtin_ia32_rdtsc();
    case CLOCK_HI:
      return __builtin_ia32_rdtsc() >> 32;
    case GTIME:
    case GTIME_LO:
    case GTIME_HI: {
      timespec t;
      clock_gettime(CLOCK_REALTIME, &t);
      u64 v = (u64)t.tv_sec * 1000000000ull + t.tv_nsec;
      return sr == GTIME_HI ? v >> 32 : v;
    }
    case DYN_SMEM:
      return L.dyn_shared;
    case TOTAL_SMEM:
      return L.shared_total;
    case ENVREG:
      return k == 1 ? L.grid_ws >> 32 : k == 2 ? (u32)L.grid_ws : 0;
    case CLUSTERID:
      return b.ctaid[k] / dim(L.cluster, k);
    case NCLUSTERID:
      return dim(L.grid, k) / dim(L.cluster, k);
    case CL_CTAID:
      return b.ctaid[k] % dim(L.cluster, k);
    case CL_NCTAID:
      return dim(L.cluster, k);
    case CL_RANK: {
      u64 x = b.ctaid[0] % L.cluster.x, y = b.ctaid[1] % L.cluster.y, z = b.ctaid[2] % L.cluster.z;
      return x + L.cluster.x * (y + L.cluster.y * z);
    }
    case CL_NRANK:
      return L.cluster.count();
    case IS_CLUSTER:
      return L.cluster.count() > 1;
  }
  return 0;
}
template <class T>
void h_special(Warp& w, const Instruction& I, u32 mask) {  // I.x which, I.y component
  T* d = w.R<T>(I.dst);
  switch (I.x) {
    case TID: {
      const u32* t = w.tid[I.y];
      each<T>(d, mask, [=](int i) { return (T)t[i]; });
      return;
    }
    case LANEID:
      each<T>(d, mask, [](int i) { return (T)i; });
      return;
    case LM_EQ:
      each<T>(d, mask, [](int i) { return (T)(1u << i); });
      return;
    case LM_LT:
      each<T>(d, mask, [](int i) { return (T)((1u << i) - 1); });
      return;
    case LM_LE:
      each<T>(d, mask, [](int i) { return (T)((2u << i) - 1); });
      return;
    case LM_GE:
      each<T>(d, mask, [](int i) { return (T)(~0u << i); });
      return;
    case LM_GT:
      each<T>(d, mask, [](int i) { return (T)((~0u << i) << 1); });
      return;
  }
  T v = (T)special(w, I.x, I.y);
  if (I.x == CLOCK || I.x == CLOCK64 || I.x == GTIME || I.x == GTIME_LO) w.burn(2);
  each<T>(d, mask, [=](int) { return v; });
}
void h_special_pred(Warp& w, const Instruction& I, u32 mask) {
  w.setP(I.dst, mask, special(w, I.x, 0) ? ~0u : 0);
}

bool find_special(std::string_view n, Sr& sr, int& comp, int& bytes) {
  for (auto& s : kSr)
    if (n == s.name) {
      sr = s.sr;
      comp = 0;
      bytes = s.bytes;
      return true;
    }
  for (auto& s : kSr3) {
    std::string_view p = s.name;
    if (n.substr(0, p.size()) == p && n.size() == p.size() + 1) {
      char c = n.back();
      comp = c - 'x';
      sr = s.sr;
      bytes = 4;
      return comp >= 0 && comp < 3;
    }
  }
  if (n.substr(0, 7) == "%envreg") {
    sr = ENVREG;
    comp = atoi(std::string(n.substr(7)).c_str());
    bytes = 4;
    return true;
  }
  return false;
}

void op_mov(Lower& l) {
  PtxType t = l.ty();
  const PtxOperand &d = l.op(0), &s = l.op(1);
  if (t == PtxType::Pred) {
    l.I.dst = l.pred_dst(d);
    if (s.kind == PtxOperand::Special && s.text == "%is_explicit_cluster") {
      l.I.x = IS_CLUSTER;
      l.emit(h_special_pred, InstructionClass::Move);
      return;
    }
    bool n;
    l.I.a = l.pred_src(s, n);
    l.I.x = n;
    l.emit(h_mov_pred, InstructionClass::Move);
    return;
  }
  int bytes = ty_size(t);
  auto elems = [&](const PtxOperand& v, bool isdst) {
    int n = (int)v.sub.size(), e = bytes / n;
    std::vector<u32> r;
    for (auto& o : v.sub)
      r.push_back(isdst ? l.dst(o, e)
                        : l.src(o, e == 2   ? PtxType::B16
                                   : e == 4 ? PtxType::B32
                                            : PtxType::B64));
    l.more(r);
    return std::pair(e, n);
  };
  if (d.kind == PtxOperand::Vec) {
    l.I.a = l.src(1, t);
    auto [e, n] = elems(d, true);
    Handler h = e == 2 && n == 2   ? h_unpack<u16, 2>
                : e == 2 && n == 4 ? h_unpack<u16, 4>
                : e == 4 && n == 2 ? h_unpack<u32, 2>
                : e == 8 && n == 2 ? h_unpack<u64, 2>
                : e == 4 && n == 4 ? h_unpack<u32, 4>
                                   : nullptr;
    if (!h) l.bad("unpack form");
    l.emit(h, InstructionClass::Move);
    return;
  }
  if (s.kind == PtxOperand::Vec) {
    l.I.dst = l.dst(0, bytes);
    auto [e, n] = elems(s, false);
    Handler h = e == 2 && n == 2   ? h_pack<u16, 2>
                : e == 2 && n == 4 ? h_pack<u16, 4>
                : e == 4 && n == 2 ? h_pack<u32, 2>
                : e == 8 && n == 2 ? h_pack<u64, 2>
                : e == 4 && n == 4 ? h_pack<u32, 4>
                                   : nullptr;
    if (!h) l.bad("pack form");
    l.emit(h, InstructionClass::Move);
    return;
  }
  if (s.kind == PtxOperand::Special) {
    Sr sr;
    int comp, b;
    if (!find_special(s.text, sr, comp, b))
      l.bad("unknown special register " + std::string(s.text));
    l.I.x = sr;
    l.I.y = (u8)comp;
    l.I.dst = l.dst(0, bytes);
    l.emit(bytes == 2   ? h_special<u16>
           : bytes == 4 ? h_special<u32>
                        : h_special<u64>,
           InstructionClass::Move);
    return;
  }
  l.I.dst = l.dst(0, bytes);
  if (s.kind == PtxOperand::Sym && s.var >= 0) {
    const VarDecl& v = l.fb.code.body->vars[s.var];
    if (v.space != Space::Shared) {
      l.I.imm = (s64)v.offset + s.off;
      if (v.kernel_param) {
        if (bytes != 8) l.bad("parameter address");
        l.emit(h_param_addr, InstructionClass::Move);
        return;
      }
      l.emit(bytes == 8 ? h_local_addr64 : h_local_addr32, InstructionClass::Move);
      return;
    }
  }
  l.I.a = l.src(1, t);
  by_size(l, bytes, [&](auto v) { l.emit(h_mov<decltype(v)>, InstructionClass::Move); });
}

// ---- cvta, isspacep ----
void h_add_window(Warp& w, const Instruction& I, u32 mask) {
  const u64* a = w.R<u64>(I.a);
  const u64 win = (u64)I.imm;
  each<u64>(w.R<u64>(I.dst), mask, [=](int i) { return (a[i] & 0xffffffffull) | win; });
}
void h_strip_window(Warp& w, const Instruction& I, u32 mask) {
  const u64* a = w.R<u64>(I.a);
  each<u64>(w.R<u64>(I.dst), mask, [=](int i) { return a[i] & ~kWindowMask; });
}
void op_cvta(Lower& l) {
  Space sp = l.space();
  bool to = l.has("to");
  int bytes = ty_size(l.ty());
  const PtxOperand& s = l.op(1);
  l.I.dst = l.dst(0, bytes);
  if (s.kind == PtxOperand::Sym && s.var >= 0 && l.fb.code.body->vars[s.var].space != Space::Shared)
    l.bad("cvta of a local variable's name");
  l.I.a = l.src(1, l.ty());
  if (bytes != 8) {
    l.emit(h_mov<u32>, InstructionClass::Move);
    return;
  }
  bool shared = sp == Space::Shared,
       local = sp == Space::Local || (sp == Space::Param && !l.fb.code.decl->entry);
  if (!shared && !local) {
    l.emit(h_mov<u64>, InstructionClass::Move);
    return;
  }
  if (to) {
    l.emit(h_strip_window, InstructionClass::Move);
    return;
  }
  l.I.imm = (s64)(shared ? kSharedWindow : kLocalWindow);
  l.emit(h_add_window, InstructionClass::Move);
}
void h_isspacep(Warp& w, const Instruction& I, u32 mask) {
  const u64* a = w.R<u64>(I.a);
  u32 r = 0;
  for_lanes(mask, [&](int i) {
    u64 win = a[i] & kWindowMask;
    bool v = false;
    switch ((Space)I.x) {
      case Space::Shared: {
        u32 r = a[i] >> 24 & 0xff;
        v = win == kSharedWindow && (I.y || !r || r == w.blk->rank + 1);
        break;
      }  // I.y: shared::cluster
      case Space::Local:
        v = win == kLocalWindow;
        break;
      case Space::Global:
        v = win == 0;
        break;
      default: {
        Alloc al;
        v = win == 0 && memtable().find(a[i], al) &&
            al.kind == ((Space)I.x == Space::Const ? MemKind::ConstVariable : MemKind::Params);
      }
    }
    r |= (u32)v << i;
  });
  w.setP(I.dst, mask, r);
}
void op_isspacep(Lower& l) {
  l.I.x = (u8)l.space();
  l.I.y = l.has("shared::cluster");
  l.I.dst = l.pred_dst(l.op(0));
  l.I.a = l.src(1, PtxType::B64);
  l.emit(h_isspacep, InstructionClass::Int);
}
}  // namespace
VGPU_OP(mov, op_mov);
VGPU_OP(cvta, op_cvta);
VGPU_OP(isspacep, op_isspacep);
}  // namespace vgpu
