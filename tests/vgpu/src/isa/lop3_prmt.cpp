// Instructions controlled by a table or a selector: any logic of three operands, and permutations
// of bytes.
#include "tests/vgpu/src/isa/isa.h"
namespace vgpu {
namespace {
void h_lop3(Warp& w, const Instruction& I, u32 mask) {
  u32* d = w.R<u32>(I.dst);
  const u32 *a = w.R<u32>(I.a), *b = w.R<u32>(I.b), *c = w.R<u32>(I.c);
  u32 k[8];
  for (int j = 0; j < 8; j++) k[j] = (I.imm >> j & 1) ? ~0u : 0;  // bit j: a=j>>2, b=j>>1, c=j
  each<u32>(d, mask, [=](int i) {
    u32 x = a[i], y = b[i], z = c[i];
    u32 lo = (~y & ((~z & k[0]) | (z & k[1]))) | (y & ((~z & k[2]) | (z & k[3])));
    u32 hi = (~y & ((~z & k[4]) | (z & k[5]))) | (y & ((~z & k[6]) | (z & k[7])));
    return (~x & lo) | (x & hi);
  });
}
// lop3.and/or with a predicate result: d|p, a, b, c, lut, q.  I.y: 1 or, else and; I.z bit 0: q
// negated
void h_lop3_p(Warp& w, const Instruction& I, u32 mask) {
  h_lop3(w, I, mask);
  const u32* d = w.R<u32>(I.dst);
  u32 nz = 0;
  for (int i = 0; i < 32; i++) nz |= (u32)(d[i] != 0) << i;
  u32 q = w.P(I.e) ^ (I.z & 1 ? ~0u : 0);
  w.setP(I.d, mask, I.y ? nz | q : nz & q);
}
#ifdef __AVX512VBMI__
// prmt in its default mode: every selector nibble picks a byte of {b, a}; bit 3 replicates that
// byte's sign.
void h_prmt_v(Warp& w, const Instruction& I, u32 mask) {
  u32* d = w.R<u32>(I.dst);
  const u32 *a = w.R<u32>(I.a), *b = w.R<u32>(I.b), *c = w.R<u32>(I.c);
  alignas(64) u32 r[32];
  const __m512i lane4 =
      _mm512_mullo_epi32(_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
                         _mm512_set1_epi32(0x04040404));
  for (int k = 0; k < 32; k += 16) {
    __m512i t = _mm512_and_si512(_mm512_load_si512(c + k), _mm512_set1_epi32(0xffff));
    t = _mm512_and_si512(_mm512_or_si512(t, _mm512_slli_epi32(t, 8)),
                         _mm512_set1_epi32(0x00ff00ff));
    t = _mm512_and_si512(_mm512_or_si512(t, _mm512_slli_epi32(t, 4)),
                         _mm512_set1_epi32(0x0f0f0f0f));  // a nibble per byte
    __m512i idx =
        _mm512_or_si512(_mm512_or_si512(_mm512_and_si512(t, _mm512_set1_epi32(0x03030303)), lane4),
                        _mm512_slli_epi32(_mm512_and_si512(t, _mm512_set1_epi32(0x04040404)), 4));
    __m512i v = _mm512_permutex2var_epi8(_mm512_load_si512(a + k), idx, _mm512_load_si512(b + k));
    v = _mm512_mask_mov_epi8(v, _mm512_test_epi8_mask(t, _mm512_set1_epi8(8)),
                             _mm512_movm_epi8(_mm512_movepi8_mask(v)));
    _mm512_store_si512(r + k, v);
  }
  blend<u32>(d, r, mask);
}
#endif
void h_prmt(Warp& w, const Instruction& I, u32 mask) {  // I.x: mode
  u32* d = w.R<u32>(I.dst);
  const u32 *a = w.R<u32>(I.a), *b = w.R<u32>(I.b), *c = w.R<u32>(I.c);
  static const u16 tab[7][4] = {{0, 0, 0, 0},
                                {0x3210, 0x4321, 0x5432, 0x6543},
                                {0x5670, 0x6701, 0x7012, 0x0123},
                                {0x0000, 0x1111, 0x2222, 0x3333},
                                {0x3210, 0x3211, 0x3222, 0x3333},
                                {0x0000, 0x1110, 0x2210, 0x3210},
                                {0x1010, 0x3232, 0x1010, 0x3232}};
  const int mode = I.x;
  each_scalar<u32>(d, mask, [=](int i) {
    u64 v = (u64)b[i] << 32 | a[i];
    u32 sel = mode ? tab[mode][c[i] & 3] : c[i], r = 0;
    for (int k = 0; k < 4; k++) {
      u32 s = sel >> (4 * k) & 15;
      u8 x = (u8)(v >> (8 * (s & 7)));
      if (s & 8) x = (x & 0x80) ? 0xff : 0;
      r |= (u32)x << (8 * k);
    }
    return r;
  });
}
}  // namespace

static void op_lop3(Lower& l) {
  bool pair = l.op(0).kind == PtxOperand::Pair;
  const PtxOperand& d = pair ? l.op(0).sub[0] : l.op(0);
  l.I.dst = l.dst(d, 4);
  l.I.a = l.src(1, PtxType::B32);
  l.I.b = l.src(2, PtxType::B32);
  l.I.c = l.src(3, PtxType::B32);
  l.I.imm = (s64)(l.imm_value(l.op(4), PtxType::U32) & 0xff);
  if (pair) {
    bool n;
    l.I.d = l.pred_dst(l.op(0).sub[1]);
    l.I.e = l.pred_src(l.op(5), n);
    l.I.z = n;
    l.I.y = l.has("or");
    l.emit(h_lop3_p, InstructionClass::Int);
    return;
  }
  l.emit(h_lop3, InstructionClass::Int);
}
static void op_prmt(Lower& l) {
  const char* modes[] = {"", "f4e", "b4e", "rc8", "ecl", "ecr", "rc16"};
  for (int k = 1; k < 7; k++)
    if (l.has(modes[k])) l.I.x = (u8)k;
  l.I.dst = l.dst(0, 4);
  l.I.a = l.src(1, PtxType::B32);
  l.I.b = l.src(2, PtxType::B32);
  l.I.c = l.src(3, PtxType::B32);
  Handler h = h_prmt;
#ifdef __AVX512VBMI__
  if (!l.I.x) h = h_prmt_v;
#endif
  l.emit(h, InstructionClass::Int);
}
VGPU_OP(lop3, op_lop3);
VGPU_OP(prmt, op_prmt);
}  // namespace vgpu
