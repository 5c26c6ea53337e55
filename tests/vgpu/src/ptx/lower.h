// From statements to instructions. Every opcode has one lowering function, registered by name with
// VGPU_OP (see isa/*.cpp); it looks at modifiers and types, chooses a handler, and names the
// operands.
#pragma once
#include "tests/vgpu/src/ptx/ir.h"
namespace vgpu {
struct FnBuilder;

struct Lower {
  FnBuilder& fb;
  const Stmt& s;
  Instruction I;  // being built

  // Modifiers
  bool has(std::string_view mod) const {
    for (auto m : s.mods)
      if (m == mod) return true;
    return false;
  }
  std::string_view mod(size_t i) const {
    return i < s.mods.size() ? s.mods[i] : std::string_view();
  }
  PtxType ty(int n = 0) const;  // n-th modifier that is a type
  Space space() const;          // state space among the modifiers; None if absent
  int vec() const;              // .v2/.v4/.v8 -> 2/4/8, else 1

  // Operands. Returned values go into I.dst, I.a, ... or into more(). Registers must have the given
  // size, unless size is 0.
  size_t nops() const { return s.ops.size(); }
  const PtxOperand& op(size_t i) const;
  u32 dst(const PtxOperand& o, int bytes);
  u32 dst(size_t i, int bytes) { return dst(op(i), bytes); }
  u32 src(const PtxOperand& o, PtxType t);  // immediates become constants of type t
  u32 src(size_t i, PtxType t) { return src(op(i), t); }
  u32 imm32(u32 v);  // reference to a broadcast constant
  u32 imm64(u64 v);
  u32 pred_dst(const PtxOperand& o);
  u32 pred_src(const PtxOperand& o, bool& neg);         // neg: written !%p
  int reg_size(const PtxOperand& o) const;              // bytes of a register operand; 0 for others
  void more(const std::vector<u32>& refs);              // sets I.aux to a new entry list
  u64 imm_value(const PtxOperand& o, PtxType t) const;  // value of an immediate operand
  bool is_imm(const PtxOperand& o) const { return o.kind == PtxOperand::Imm; }
  u16 mem_slot();
  // Address operand: base register or constant -> I.a, offset -> I.imm. Sets I.x bit 0 if the
  // offset is relative to the frame's local memory, bit 1 if the base register has 32 bits.
  void address(const PtxOperand& o, Space& sp);

  void emit(Handler h, InstructionClass k) {
    I.fn = h;
    I.klass = k;
    emit();
  }
  void emit();
  [[noreturn]] void bad(const std::string& why) const;
};

using LowerFn = void (*)(Lower&);
struct OpReg {
  OpReg(const char* name, LowerFn f);
};
#define VGPU_OP(name, fn) static ::vgpu::OpReg opreg_##fn##__LINE__##name##_(#name, fn)
LowerFn find_op(std::string_view name);

// Compiles a kernel and what it calls. Symbols of module variables must have storage already.
struct SymbolTable {
  virtual bool address(const std::string& name, u64& addr) const = 0;
  virtual ~SymbolTable() = default;
};
std::unique_ptr<Program> compile_kernel(const Module& m, const SymbolTable& syms,
                                        const std::string& kernel);
u64 function_handle(const std::string& name);  // value of a function's address in device code
const std::string* function_of_handle(u64 h);
}  // namespace vgpu
