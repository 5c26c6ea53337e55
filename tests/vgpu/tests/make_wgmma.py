#!/usr/bin/env python3
"""make_wgmma.py OUTPUT: writes the header of wgmma wrappers, W<N, KIND>::ss (both operands by
descriptors of shared memory) and W<N, KIND>::rs (A in registers). Each names every accumulator
register, up to 128 of them, which no template can do."""
import sys

# Kind: (types of D, A and B; K of one instruction; the C++ type of an accumulator register; how many
# values it holds; which immediates the instruction takes; the values of N).
SCALE = ['(SA)', '(SB)']
TRANSPOSE_A, TRANSPOSE_B = '((int)TA)', '((int)TB)'
FEW = (8, 64, 120)
INTEGER = (8, 32, 64)
KINDS = {
    'BF16': ('f32.bf16.bf16', 16, 'float', 1, 'transpose', (8, 16, 24, 32, 64, 96, 128, 192, 256)),
    'F16': ('f32.f16.f16', 16, 'float', 1, 'transpose', FEW),
    'F16ACC': ('f16.f16.f16', 16, 'u32', 2, 'transpose', FEW),
    'TF32': ('f32.tf32.tf32', 8, 'float', 1, 'scale', FEW),
    'E4M3': ('f32.e4m3.e4m3', 32, 'float', 1, 'scale', FEW),
    'E5M2': ('f32.e5m2.e4m3', 32, 'float', 1, 'scale', FEW),
    'E4M3_F16': ('f16.e4m3.e5m2', 32, 'u32', 2, 'scale', FEW),
    'S8': ('s32.s8.s8', 32, 'u32', 1, 'none', INTEGER),
    'U8': ('s32.u8.u8', 32, 'u32', 1, 'none', INTEGER),
    'S8U8': ('s32.s8.u8', 32, 'u32', 1, 'none', INTEGER),
}


def function(name, kind, n, accumulators):
    types, k, register, _, immediates, _ = KINDS[kind]
    in_registers = name == 'rs'
    numbers = iter(range(1000))

    def operands(count):
        return ','.join(f'%{next(numbers)}' for _ in range(count))

    values = []
    if immediates != 'none':
        values += SCALE
    if immediates == 'transpose':
        values += [TRANSPOSE_B] if in_registers else [TRANSPOSE_A, TRANSPOSE_B]
    d = '{' + operands(accumulators) + '}'
    a = '{' + operands(4) + '}' if in_registers else operands(1)
    b = operands(1)
    predicate = operands(1)
    arguments = ', '.join([d, a, b, 'p'] + [operands(1) for _ in values])
    constraint = 'f' if register == 'float' else 'r'
    outputs = ', '.join(f'"+{constraint}"(d[{i}])' for i in range(accumulators))
    a_inputs = [f'"r"(a[{i}])' for i in range(4)] if in_registers else ['"l"(a)']
    inputs = ', '.join(a_inputs + ['"l"(b)', '"r"(sd)'] + [f'"n"{value}' for value in values])
    a_parameter = 'const u32 (&a)[4]' if in_registers else 'u64 a'
    return f'''  static __device__ __forceinline__ void {name}(D (&d)[ND], {a_parameter}, u64 b, int sd = 1) {{
    asm volatile("{{ .reg .pred p; setp.ne.b32 p, {predicate}, 0; wgmma.mma_async.sync.aligned.m64n{n}k{k}.{types} {arguments}; }}" : {outputs} : {inputs});
  }}
'''


def wrapper(kind, n):
    _, k, register, packed, _, _ = KINDS[kind]
    accumulators = n // 2 // packed
    return f'''template <bool TA, bool TB, int SA, int SB>
struct W<{n}, {kind}, TA, TB, SA, SB> {{
  static constexpr int ND = {accumulators}, KK = {k};
  typedef {register} D;
{function('ss', kind, n, accumulators)}{function('rs', kind, n, accumulators)}}};
'''


def main():
    with open(sys.argv[1], 'w', encoding='ascii') as output:
        output.write(f'''// Written by make_wgmma.py.
#pragma once
#include "tests/vgpu/tests/hopper.h"
enum Kind {{ {', '.join(KINDS)} }};
template <int N, Kind K, bool TA = false, bool TB = false, int SA = 1, int SB = 1>
struct W;
''')
        for kind, (*_, sizes) in KINDS.items():
            output.writelines(wrapper(kind, n) for n in sizes)


main()
