// State while one function is lowered (private to ptx/).
#pragma once
#include "tests/vgpu/src/ptx/lower.h"
namespace vgpu {
struct StmtFlow {  // control flow and register use of one statement, for liveness
  std::vector<u32> defs, uses, targets;
  bool falls_through = true, guarded = false;
};
struct FnBuilder {
  Program& prog;
  Code& code;
  const SymbolTable& syms;
  std::vector<StmtFlow> flow;
  std::vector<u32> stmt_start;  // first instruction of each statement
  u32 cur = 0;                  // statement being lowered
  std::vector<u8> pool;
  std::unordered_map<u64, u32> pool_index[17];
  struct Patch {
    u32 instr;
    u32 stmt;
  };
  std::vector<Patch> branch_patches;
  std::vector<std::pair<u32, u32>> jump_patches;  // entry in code.jump, statement
  u32 constant(u64 lo, u64 hi, int bytes);
  u32 new_reg(PtxType ty, int bytes);
  bool global_symbol(std::string_view name, s64 off, u64& value, Space& sp);
};
void allocate_registers(FnBuilder& fb);
}  // namespace vgpu
