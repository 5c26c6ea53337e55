// ld, st and relatives.
#include "tests/vgpu/src/isa/access.h"
namespace vgpu {
namespace {
// 32 lanes x 4 words: from rows (a lane's four words side by side) to columns (one register per
// word), 16 lanes at a time.
VGPU_INLINE void rows_to_columns4(__m512i a, __m512i b, __m512i c, __m512i e, u32* const* d,
                                  int h) {
  const __m512i i0 = _mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
  const __m512i i1 = _mm512_setr_epi32(2, 6, 10, 14, 18, 22, 26, 30, 3, 7, 11, 15, 19, 23, 27, 31);
  __m512i ab0 = _mm512_permutex2var_epi32(a, i0, b), ab1 = _mm512_permutex2var_epi32(a, i1, b);
  __m512i ce0 = _mm512_permutex2var_epi32(c, i0, e), ce1 = _mm512_permutex2var_epi32(c, i1, e);
  _mm512_store_si512(d[0] + 16 * h, _mm512_inserti64x4(ab0, _mm512_castsi512_si256(ce0), 1));
  _mm512_store_si512(d[1] + 16 * h, _mm512_inserti64x4(ce0, _mm512_extracti64x4_epi64(ab0, 1), 0));
  _mm512_store_si512(d[2] + 16 * h, _mm512_inserti64x4(ab1, _mm512_castsi512_si256(ce1), 1));
  _mm512_store_si512(d[3] + 16 * h, _mm512_inserti64x4(ce1, _mm512_extracti64x4_epi64(ab1, 1), 0));
}
// And back: r[q] gets lanes 4q..4q+3 of this half, a row each.
VGPU_INLINE void columns_to_rows4(const u32* const* s, int h, __m512i* r) {
  __m512i x[4];
  for (int k = 0; k < 4; k++) x[k] = _mm512_load_si512(s[k] + 16 * h);
  __m512i l01 = _mm512_unpacklo_epi32(x[0], x[1]), h01 = _mm512_unpackhi_epi32(x[0], x[1]),
          l23 = _mm512_unpacklo_epi32(x[2], x[3]), h23 = _mm512_unpackhi_epi32(x[2], x[3]);
  __m512i t[4] = {_mm512_unpacklo_epi64(l01, l23), _mm512_unpackhi_epi64(l01, l23),
                  _mm512_unpacklo_epi64(h01, h23),
                  _mm512_unpackhi_epi64(h01, h23)};  // t[j]: lanes j, 4+j, 8+j, 12+j
  __m512i a = _mm512_shuffle_i32x4(t[0], t[1], 0x44), b = _mm512_shuffle_i32x4(t[2], t[3], 0x44),
          c = _mm512_shuffle_i32x4(t[0], t[1], 0xee), e = _mm512_shuffle_i32x4(t[2], t[3], 0xee);
  r[0] = _mm512_shuffle_i32x4(a, b, 0x88);
  r[1] = _mm512_shuffle_i32x4(a, b, 0xdd);
  r[2] = _mm512_shuffle_i32x4(c, e, 0x88);
  r[3] = _mm512_shuffle_i32x4(c, e, 0xdd);
}
VGPU_INLINE __m512i four_rows(const Access& A, int lane) {
  __m512i v = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i*)(A.base + A.rel[lane])));
  v = _mm512_inserti32x4(v, _mm_loadu_si128((const __m128i*)(A.base + A.rel[lane + 1])), 1);
  v = _mm512_inserti32x4(v, _mm_loadu_si128((const __m128i*)(A.base + A.rel[lane + 2])), 2);
  return _mm512_inserti32x4(v, _mm_loadu_si128((const __m128i*)(A.base + A.rel[lane + 3])), 3);
}
// M: type in memory (signed = sign-extended), R: register, V: vector length.
template <class M, class R, int V>
void do_load(Warp& w, const Instruction& I, u32 mask, const Access& A) {
  if constexpr (V == 1) {
    R* d = w.R<R>(I.dst);
    if (A.kind == Access::Contiguous) {
      const M* p = (const M*)A.base - A.first;
      if constexpr (sizeof(M) == sizeof(R) && sizeof(R) == 4) {
        for (int k = 0; k < 2; k++) {
          __mmask16 m = (__mmask16)(mask >> (16 * k));
          _mm512_store_si512(d + 16 * k,
                             _mm512_mask_loadu_epi32(_mm512_load_si512(d + 16 * k), m, p + 16 * k));
        }
        return;
      } else if constexpr (sizeof(M) == sizeof(R) && sizeof(R) == 8) {
        for (int k = 0; k < 4; k++) {
          __mmask8 m = (__mmask8)(mask >> (8 * k));
          _mm512_store_si512(d + 8 * k,
                             _mm512_mask_loadu_epi64(_mm512_load_si512(d + 8 * k), m, p + 8 * k));
        }
        return;
      } else if (mask == ~0u) {
        VGPU_IVDEP
        for (int i = 0; i < 32; i++) d[i] = (R)p[i];
        return;
      }
    } else if (A.kind == Access::Same) {
      R v = (R) * (const M*)A.base;
      alignas(64) R t[32];
      for (int i = 0; i < 32; i++) t[i] = v;
      blend(d, t, mask);
      return;
    } else if (A.kind == Access::Window) {
      if constexpr (sizeof(M) == 4 && sizeof(R) == 4) {
        const u8* p = A.base + A.win_lo;
        __m512i x = _mm512_maskz_loadu_epi32((__mmask16)A.win_words, p),
                y = _mm512_maskz_loadu_epi32((__mmask16)(A.win_words >> 16), p + 64);
        for (int k = 0; k < 2; k++)
          _mm512_store_si512(
              d + 16 * k, _mm512_mask_mov_epi32(
                              _mm512_load_si512(d + 16 * k), (__mmask16)(mask >> (16 * k)),
                              _mm512_permutex2var_epi32(x, _mm512_load_si512(A.win + 16 * k), y)));
        return;
      }
    } else if (A.kind == Access::Scattered) {
      if constexpr (sizeof(M) == 4 && sizeof(R) == 4) {
        for (int k = 0; k < 2; k++) {
          __mmask16 m = (__mmask16)(mask >> (16 * k));
          if (m)
            _mm512_store_si512(d + 16 * k, _mm512_mask_i32gather_epi32(
                                               _mm512_load_si512(d + 16 * k), m,
                                               _mm512_load_si512(A.rel + 16 * k), A.base, 1));
        }
        return;
      }
    }
    for_lanes(mask, [&](int i) {
      M v;
      memcpy(&v, A.at(i), sizeof v);
      d[i] = (R)v;
    });
  } else {
    const u32* o = w.ops(I);
    R* d[V];
    for (int k = 0; k < V; k++) d[k] = w.R<R>(o[k]);
    if (A.kind == Access::Contiguous && mask == ~0u && sizeof(M) == sizeof(R)) {
      const M* p = (const M*)A.base;
      if constexpr (sizeof(M) == 4 && V == 4 && sizeof(R) == 4) {
        for (int h = 0; h < 2; h++)
          rows_to_columns4(_mm512_loadu_si512(p + 64 * h), _mm512_loadu_si512(p + 64 * h + 16),
                           _mm512_loadu_si512(p + 64 * h + 32), _mm512_loadu_si512(p + 64 * h + 48),
                           d, h);
        return;
      } else {
        alignas(64) M t[32 * V];
        memcpy(t, p, sizeof t);
        for (int k = 0; k < V; k++) {
          VGPU_IVDEP
          for (int i = 0; i < 32; i++) d[k][i] = (R)t[i * V + k];
        }
        return;
      }
    }
    if constexpr (sizeof(M) == 4 && V == 4 && sizeof(R) == 4)
      if (mask == ~0u && A.kind != Access::Far) {
        for (int h = 0; h < 2; h++)
          rows_to_columns4(four_rows(A, 16 * h), four_rows(A, 16 * h + 4), four_rows(A, 16 * h + 8),
                           four_rows(A, 16 * h + 12), d, h);
        return;
      }
    for_lanes(mask, [&](int i) {
      alignas(16) M v[V];
      __builtin_memcpy(v, A.at(i), sizeof v);
      for (int k = 0; k < V; k++) d[k][i] = (R)v[k];
    });
  }
}
template <class M, class R, int V>
void h_ld(Warp& w, const Instruction& I, u32 mask) {
  Access A;
  if (!resolve_fast<sizeof(M) * V>(w, I, mask, A))
    resolve(w, I, mask, (Space)I.y, sizeof(M) * V, false, A);
  do_load<M, R, V>(w, I, mask, A);
  if (VGPU_UNLIKELY(I.z)) w.burn(8);  // volatile, relaxed, acquire
}
template <class M, class R, int V>
void h_st(Warp& w, const Instruction& I, u32 mask) {
  Access A;
  if (!resolve_fast<sizeof(M) * V>(w, I, mask, A))
    resolve(w, I, mask, (Space)I.y, sizeof(M) * V, true, A);
  if constexpr (V == 1) {
    const R* s = w.R<R>(I.b);
    if (A.kind == Access::Contiguous) {
      M* p = (M*)A.base - A.first;
      if constexpr (sizeof(M) == sizeof(R) && sizeof(R) == 4) {
        if (mask == ~0u)
          for (int k = 0; k < 2; k++)
            _mm512_storeu_si512(p + 16 * k, _mm512_load_si512(s + 16 * k));
        else
          for (int k = 0; k < 2; k++)
            _mm512_mask_storeu_epi32(p + 16 * k, (__mmask16)(mask >> (16 * k)),
                                     _mm512_load_si512(s + 16 * k));
        return;
      } else if constexpr (sizeof(M) == sizeof(R) && sizeof(R) == 8) {
        if (mask == ~0u)
          for (int k = 0; k < 4; k++) _mm512_storeu_si512(p + 8 * k, _mm512_load_si512(s + 8 * k));
        else
          for (int k = 0; k < 4; k++)
            _mm512_mask_storeu_epi64(p + 8 * k, (__mmask8)(mask >> (8 * k)),
                                     _mm512_load_si512(s + 8 * k));
        return;
      } else if (mask == ~0u) {
        VGPU_IVDEP
        for (int i = 0; i < 32; i++) p[i] = (M)s[i];
        return;
      }
    }
    for_lanes(mask, [&](int i) {
      M v = (M)s[i];
      __builtin_memcpy(A.at(i), &v, sizeof v);
    });
  } else {
    const u32* o = w.ops(I);
    const R* s[V];
    for (int k = 0; k < V; k++) s[k] = w.R<R>(o[k]);
    if constexpr (sizeof(M) == 4 && V == 4 && sizeof(R) == 4)
      if (mask == ~0u && A.kind != Access::Far) {
        for (int h = 0; h < 2; h++) {
          alignas(64) u32 row[64];
          __m512i r[4];
          columns_to_rows4(s, h, r);
          if (A.kind == Access::Contiguous) {
            for (int q = 0; q < 4; q++) _mm512_storeu_si512(A.base + 256 * h + 64 * q, r[q]);
            continue;
          }
          for (int q = 0; q < 4; q++) _mm512_store_si512(row + 16 * q, r[q]);
          for (int i = 0; i < 16; i++)
            _mm_storeu_si128((__m128i*)(A.base + A.rel[16 * h + i]),
                             _mm_load_si128((const __m128i*)(row + 4 * i)));
        }
        return;
      }
    for_lanes(mask, [&](int i) {
      alignas(16) M v[V];
      for (int k = 0; k < V; k++) v[k] = (M)s[k][i];
      __builtin_memcpy(A.at(i), v, sizeof v);
    });
  }
}
// Kernel parameters: the same for all lanes.
template <class M, class R, int V>
void h_ld_param(Warp& w, const Instruction& I, u32 mask) {
  const u8* p = w.params + I.imm;
  auto one = [&](R* d, int k) {
    M v;
    memcpy(&v, p + k * sizeof(M), sizeof v);
    R r = (R)v;
    each<R>(d, mask, [=](int) { return r; });
  };
  if constexpr (V == 1)
    one(w.R<R>(I.dst), 0);
  else {
    const u32* o = w.ops(I);
    for (int k = 0; k < V; k++) one(w.R<R>(o[k]), k);
  }
}

template <template <class, class, int> class H, class M, class R>
Handler by_vec(Lower& l, int v) {
  switch (v) {
    case 1:
      return H<M, R, 1>::run;
    case 2:
      return H<M, R, 2>::run;
    case 4:
      return H<M, R, 4>::run;
    case 8:
      return H<M, R, 8>::run;
  }
  l.bad("vector length");
}
template <class M, class R, int V>
struct Ld {
  static constexpr Handler run = h_ld<M, R, V>;
};
template <class M, class R, int V>
struct LdParam {
  static constexpr Handler run = h_ld_param<M, R, V>;
};
template <class M, class R, int V>
struct St {
  static constexpr Handler run = h_st<M, R, V>;
};

template <template <class, class, int> class H>
Handler pick_load(Lower& l, PtxType t, int reg, int v) {
  auto wide = [&](auto m) -> Handler {
    using M = decltype(m);
    switch (reg) {
      case 2:
        if constexpr (sizeof(M) <= 2) return by_vec<H, M, u16>(l, v);
        break;
      case 4:
        if constexpr (sizeof(M) <= 4) return by_vec<H, M, u32>(l, v);
        break;
      case 8:
        if constexpr (sizeof(M) <= 8) return by_vec<H, M, u64>(l, v);
        break;
    }
    l.bad("register too small for the load");
  };
  switch (t) {
    case PtxType::B8:
    case PtxType::U8:
      return wide(u8{});
    case PtxType::S8:
      return wide(s8{});
    case PtxType::B16:
    case PtxType::U16:
    case PtxType::F16:
    case PtxType::BF16:
      return wide(u16{});
    case PtxType::S16:
      return wide(s16{});
    case PtxType::B32:
    case PtxType::U32:
    case PtxType::F32:
    case PtxType::F16x2:
    case PtxType::BF16x2:
      return wide(u32{});
    case PtxType::S32:
      return wide(s32{});
    case PtxType::B64:
    case PtxType::U64:
    case PtxType::S64:
    case PtxType::F64:
    case PtxType::F32x2:
      return wide(u64{});
    case PtxType::B128:
      return by_vec<H, u128, u128>(l, 1);
    default:
      l.bad("load type");
  }
}
Handler pick_store(Lower& l, PtxType t, int reg, int v) {
  auto narrow = [&](auto m) -> Handler {
    using M = decltype(m);
    switch (reg) {
      case 2:
        if constexpr (sizeof(M) <= 2) return by_vec<St, M, u16>(l, v);
        break;
      case 4:
        if constexpr (sizeof(M) <= 4) return by_vec<St, M, u32>(l, v);
        break;
      case 8:
        if constexpr (sizeof(M) <= 8) return by_vec<St, M, u64>(l, v);
        break;
    }
    l.bad("register too small for the store");
  };
  switch (ty_size(t)) {
    case 1:
      return narrow(u8{});
    case 2:
      return narrow(u16{});
    case 4:
      return narrow(u32{});
    case 8:
      return narrow(u64{});
    case 16:
      return by_vec<St, u128, u128>(l, 1);
  }
  l.bad("store type");
}
InstructionClass mem_class(Space sp, bool store) {
  switch (sp) {
    case Space::Global:
      return store ? InstructionClass::GlobalSt : InstructionClass::GlobalLd;
    case Space::Shared:
      return store ? InstructionClass::SharedSt : InstructionClass::SharedLd;
    case Space::Local:
      return store ? InstructionClass::LocalSt : InstructionClass::LocalLd;
    case Space::Const:
      return InstructionClass::ConstLd;
    case Space::Param:
      return InstructionClass::ParamLd;
    default:
      return store ? InstructionClass::GenericSt : InstructionClass::GenericLd;
  }
}
bool strong(const Lower& l) {
  return l.has("volatile") || l.has("relaxed") || l.has("acquire") || l.has("release") ||
         l.has("mmio");
}

void op_ld(Lower& l) {
  PtxType t = l.ty();
  int v = l.vec();
  Space sp = l.space();
  bool is_param = sp == Space::Param;
  // Registers: a vector operand, or a single one.
  int reg = 0;
  std::vector<const PtxOperand*> regs;
  if (v > 1) {
    const PtxOperand& d = l.op(0);
    if (d.kind != PtxOperand::Vec || (int)d.sub.size() != v) l.bad("vector operand expected");
    for (auto& o : d.sub) regs.push_back(&o);
  } else if (l.op(0).kind == PtxOperand::Vec && l.op(0).sub.size() == 1)
    regs.push_back(&l.op(0).sub[0]);
  else
    regs.push_back(&l.op(0));
  for (auto* o : regs)
    if (int s = l.reg_size(*o)) {
      if (reg && reg != s) l.bad("registers of different sizes");
      reg = s;
    }
  if (!reg) reg = std::max(2, ty_size(t));
  race_probe(l, l.op(1), sp, (u32)(ty_size(t) * v), 2);
  l.address(l.op(1), sp);
  if (v == 1)
    l.I.dst = l.dst(*regs[0], reg);
  else {
    std::vector<u32> r;
    for (auto* o : regs) r.push_back(l.dst(*o, reg));
    l.more(r);
  }
  if (sp == Space::Param) {
    l.emit(pick_load<LdParam>(l, t, reg, v), InstructionClass::ParamLd);
    return;
  }
  l.I.mem = l.mem_slot();
  l.I.y = (u8)sp;
  l.I.z = strong(l);
  Handler h = pick_load<Ld>(l, t, reg, v);
  l.emit(h, is_param ? InstructionClass::ParamLd : mem_class(sp, false));
}
void op_st(Lower& l) {
  PtxType t = l.ty();
  int v = l.vec();
  Space sp = l.space();
  const PtxOperand& s = l.op(1);
  std::vector<const PtxOperand*> regs;
  if (s.kind == PtxOperand::Vec)
    for (auto& o : s.sub) regs.push_back(&o);
  else
    regs.push_back(&s);
  if ((int)regs.size() != v) l.bad("vector operand expected");
  int reg = 0;
  for (auto* o : regs)
    if (int n = l.reg_size(*o)) {
      if (reg && reg != n) l.bad("registers of different sizes");
      reg = n;
    }
  if (!reg) reg = std::max(2, ty_size(t));
  race_probe(l, l.op(0), sp, (u32)(ty_size(t) * v), 1);
  l.address(l.op(0), sp);
  if (sp == Space::Param) l.bad("store to a kernel parameter");
  auto ref = [&](const PtxOperand* o) {
    if (o->kind != PtxOperand::Reg) return l.src(*o, ty_size(t) == 1 ? PtxType::U16 : t);
    return l.src(*o, PtxType::None);
  };
  if (v == 1)
    l.I.b = ref(regs[0]);
  else {
    std::vector<u32> r;
    for (auto* o : regs) r.push_back(ref(o));
    l.more(r);
  }
  l.I.mem = l.mem_slot();
  l.I.y = (u8)sp;
  l.I.z = strong(l);
  l.I.target = 0x80000000u | (u32)v << 8 | (u32)reg;  // for the race check (exec/race.cpp)
  Handler h = pick_store(l, t, reg, v);
  l.emit(h, mem_class(sp, true));
}
void h_nop(Warp&, const Instruction&, u32) {}
void op_nop(Lower& l) { l.emit(h_nop, InstructionClass::Other); }
void h_fence(Warp&, const Instruction&, u32) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
void op_fence(Lower& l) { l.emit(h_fence, InstructionClass::Other); }
}  // namespace
VGPU_OP(ld, op_ld);
VGPU_OP(ldu, op_ld);
VGPU_OP(st, op_st);
VGPU_OP(prefetch, op_nop);
VGPU_OP(prefetchu, op_nop);
VGPU_OP(applypriority, op_nop);
VGPU_OP(discard, op_nop);
VGPU_OP(createpolicy, op_nop);
VGPU_OP(membar, op_fence);
VGPU_OP(fence, op_fence);
VGPU_OP(griddepcontrol, op_nop);
VGPU_OP(pmevent, op_nop);
}  // namespace vgpu
