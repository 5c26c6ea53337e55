// The executable form of PTX. One Instruction = one cache line: a handler plus resolved operands.
//
// Operand references (dst,a..e and entries of Code::ops) are byte offsets into either the frame's
// register block (bit 0 clear) or the function's constant pool (bit 0 set); Warp::R<T>(ref) turns
// one into a pointer to 32 lanes of T.  A predicate is one u32 holding a bit per lane:
// Warp::P(ref). Word 0 of every register block is the always-true predicate, so an unused guard
// costs nothing.
#pragma once
#include <memory>

#include "tests/vgpu/src/ptx/ast.h"
namespace vgpu {
struct Warp;
struct Instruction;
struct Program;
using Handler = void (*)(Warp&, const Instruction&, u32 mask);

// What an instruction counts as in the report.
enum class InstructionClass : u8 {
  Int,
  Fp32,
  Fp64,
  Half,
  Tensor,
  Sfu,
  Convert,
  Move,
  GlobalLd,
  GlobalSt,
  SharedLd,
  SharedSt,
  LocalLd,
  LocalSt,
  ConstLd,
  ParamLd,
  GenericLd,
  GenericSt,
  Atomic,
  Shuffle,
  Barrier,
  Control,
  AsyncCopy,
  Other,
  Count
};
const char* kl_name(InstructionClass k);

struct alignas(64) Instruction {
  Handler fn = nullptr;
  u32 dst = 0, a = 0, b = 0, c = 0, d = 0, e = 0;  // operand references only
  s64 imm = 0;                                     // raw values from here on
  u32 guard = 0, gxor = 0;  // executes in lanes of active & (P(guard) ^ gxor)
  u32 target = 0;           // branch target, callee, call site, ...
  u32 aux = 0;              // first of this instruction's entries in Code::ops
  u16 mem = 0;              // index of its memory-access record (Warp::memo)
  u8 x = 0, y = 0;          // handler-private
  InstructionClass klass = InstructionClass::Other;
  u8 z = 0;
};
static_assert(sizeof(Instruction) == 64);

struct CallSite {
  u32 callee = ~0u;  // index in Program::codes, ~0 for an indirect call
  int builtin = -1;  // vprintf and friends
  u32 fnptr = 0;     // indirect: operand reference of the function address
  struct Arg {
    u32 off, size;
  };
  std::vector<Arg> args, rets;  // places in the caller's frame
};

struct Code {
  const Module* module = nullptr;
  const FuncDecl* decl = nullptr;
  std::unique_ptr<Body> body;
  Program* prog = nullptr;
  u32 index = 0;                  // in prog->codes
  std::vector<Instruction> code;  // ends with a `ret`
  std::vector<u32> stmt;          // per instruction: index of its statement in body->stmts
  std::vector<u32> ops;           // extra operand references
  std::vector<u32> jump;          // branch tables: instruction indices
  std::vector<CallSite> calls;
  u8* pool = nullptr;  // constants, broadcast to 32 lanes
  u32 pool_bytes = 0;
  u32 frame_bytes = 0;  // registers
  u32 local_bytes = 0;  // .local and .param variables of one lane
  u32 nmem = 1;
  u32 nregs32 = 0;  // registers after allocation, in 32-bit units (for occupancy queries)
  std::string where(const Instruction* i) const;  // "kernel:line: text" for messages
  ~Code();
};

// A kernel with everything it can call.
struct Program {
  const Module* module = nullptr;
  std::vector<std::unique_ptr<Code>> codes;  // [0] is the kernel
  std::unordered_map<std::string, u32> by_name;
  u32 static_shared = 0;  // bytes; dynamic shared memory starts at dyn_shared
  u32 dyn_shared = 0;
  std::unordered_map<std::string, u32> shared_off;  // module-scope shared variables
  u32 local_per_lane = 0;  // stack one lane needs (bounded guess if calls recurse)
  bool has_calls = false;
  u32 param_bytes = 0;
  bool uses_grid_ws = false;
};
}  // namespace vgpu
