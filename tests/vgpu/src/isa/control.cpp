// Branches, calls, returns.
#include "tests/vgpu/src/exec/grid.h"
#include "tests/vgpu/src/isa/access.h"
#include "tests/vgpu/src/isa/system.h"
namespace vgpu {
namespace {
// mask: lanes that take the branch.
void h_bra(Warp& w, const Instruction& I, u32 mask) {
  const Instruction* to = w.code->code.data() + I.target;
  if (VGPU_LIKELY(mask == w.active)) {
    w.ip = to;
    w.after_jump();
    if (to <= &I && --w.fuel <= 0) w.request_resched();
    return;
  }
  if (to <= &I) --w.fuel;
  w.split(to, mask);
}
void h_brx(Warp& w, const Instruction& I,
           u32 mask) {  // I.imm: entries, I.target: first in Code::jump
  const u32* a = w.R<u32>(I.a);
  if (mask != w.active) w.split(w.ip, w.active & ~mask);
  u32 left = mask;
  while (left) {
    int lane = __builtin_ctz(left);
    u32 idx = a[lane];
    if (idx >= (u64)I.imm)
      w.fault(ERR_INVALID_PC, I, lane,
              format_text("brx.idx: index %u outside the table of %lld", idx, (long long)I.imm));
    u32 m = 0;
    for_lanes(left, [&](int i) {
      if (a[i] == idx) m |= 1u << i;
    });
    left &= ~m;
    const Instruction* to = w.code->code.data() + w.code->jump[I.target + idx];
    if (left)
      w.split(to, m);
    else {
      w.ip = to;
      if (to <= &I && --w.fuel <= 0) w.request_resched();
    }
  }
  if (!w.groups.empty()) w.request_resched();
}
void h_ret(Warp& w, const Instruction&, u32 mask) { w.ret_lanes(mask); }
void h_exit(Warp& w, const Instruction&, u32 mask) { w.exit_lanes(mask); }
void h_trap(Warp& w, const Instruction& I, u32 mask) {
  w.fault(ERR_LAUNCH_FAILURE, I, __builtin_ctz(mask), "trap");
}
void h_brkpt(Warp&, const Instruction&, u32) {}
void h_nanosleep(Warp& w, const Instruction&, u32) { w.burn(4096); }

void h_call(Warp& w, const Instruction& I, u32 mask) {
  const CallSite& cs = w.code->calls[I.target];
  w.call(I, cs, cs.callee, mask);
}
void h_call_builtin(Warp& w, const Instruction& I, u32 mask) {
  const CallSite& cs = w.code->calls[I.target];
  run_builtin(w, I, cs, mask);
}
void h_call_indirect(Warp& w, const Instruction& I, u32 mask) {
  const CallSite& cs = w.code->calls[I.target];
  const u64* a = w.R<u64>(cs.fnptr);
  int lane = __builtin_ctz(mask);
  u64 f = a[lane];
  u32 m = 0;
  for_lanes(mask, [&](int i) {
    if (a[i] == f) m |= 1u << i;
  });
  const std::string* name = function_of_handle(f);
  auto it = name ? w.launch->prog->by_name.find(*name) : w.launch->prog->by_name.end();
  if (it == w.launch->prog->by_name.end())
    w.fault(ERR_INVALID_PC, I, lane,
            format_text("indirect call to 0x%llx, which is not a function of this module",
                        (unsigned long long)f));
  if (m != mask) {  // the other targets call again from here
    w.groups.push_back({w.frame, &I, mask & ~m, Group::Ready, 0, 0, w.stamp});
    u32 rest = w.active & ~mask;
    w.active = m;
    if (rest) w.groups.push_back({w.frame, w.ip, rest, Group::Ready, 0, 0, w.stamp});
    w.th->divergent++;
    w.call(I, cs, it->second, m);
    return;
  }
  w.call(I, cs, it->second, mask);
}

void branch_to(Lower& l, const PtxOperand& o) {
  if (o.kind != PtxOperand::Sym) l.bad("branch target");
  long t = l.fb.code.body->find_label(l.s.scope, o.text);
  if (t < 0) l.bad("unknown label " + std::string(o.text));
  l.fb.branch_patches.push_back({(u32)l.fb.code.code.size(), (u32)t});
  l.fb.flow[l.fb.cur].targets.push_back((u32)t);
}
void op_bra(Lower& l) {
  branch_to(l, l.op(0));
  if (l.s.guard < 0) l.fb.flow[l.fb.cur].falls_through = false;
  l.emit(h_bra, InstructionClass::Control);
}
void op_brx(Lower& l) {
  const auto* t = l.fb.code.body->find_targets(l.s.scope, l.op(1).text);
  if (!t) l.bad("unknown branch table");
  l.I.a = l.src(0, PtxType::U32);
  l.I.target = (u32)l.fb.code.jump.size();
  l.I.imm = (s64)t->size();
  for (auto name : *t) {
    long st = l.fb.code.body->find_label(l.s.scope, name);
    if (st < 0) l.bad("unknown label in a branch table");
    l.fb.jump_patches.push_back({(u32)l.fb.code.jump.size(), (u32)st});
    l.fb.code.jump.push_back(0);
    l.fb.flow[l.fb.cur].targets.push_back((u32)st);
  }
  if (l.s.guard < 0) l.fb.flow[l.fb.cur].falls_through = false;
  l.emit(h_brx, InstructionClass::Control);
}
void op_ret(Lower& l) {
  if (l.s.guard < 0) l.fb.flow[l.fb.cur].falls_through = false;
  l.emit(h_ret, InstructionClass::Control);
}
void op_exit(Lower& l) {
  if (l.s.guard < 0) l.fb.flow[l.fb.cur].falls_through = false;
  l.emit(h_exit, InstructionClass::Control);
}
void op_trap(Lower& l) { l.emit(h_trap, InstructionClass::Control); }
void op_brkpt(Lower& l) { l.emit(h_brkpt, InstructionClass::Control); }
void op_nanosleep(Lower& l) { l.emit(h_nanosleep, InstructionClass::Control); }
void op_call(Lower& l) {
  size_t i = 0;
  CallSite cs;
  auto list = [&](const PtxOperand& v, std::vector<CallSite::Arg>& out) {
    for (auto& o : v.sub) {
      if (o.kind != PtxOperand::Sym || o.var < 0) l.bad("call arguments must be .param variables");
      const VarDecl& d = l.fb.code.body->vars[o.var];
      out.push_back({d.offset, (u32)d.size});
    }
  };
  if (l.op(0).kind == PtxOperand::Vec) {
    list(l.op(0), cs.rets);
    i = 1;
  }
  const PtxOperand& f = l.op(i);
  if (i + 1 < l.nops() && l.op(i + 1).kind == PtxOperand::Vec) list(l.op(i + 1), cs.args);
  Handler h = h_call;
  if (f.kind == PtxOperand::Reg) {
    cs.fnptr = l.src(f, PtxType::B64);
    h = h_call_indirect;
  } else if (f.kind == PtxOperand::Sym) {
    auto it = l.fb.prog.by_name.find(std::string(f.text));
    if (it != l.fb.prog.by_name.end())
      cs.callee = it->second;
    else {
      cs.builtin = find_builtin(f.text);
      if (cs.builtin < 0) l.bad("call to an undefined function " + std::string(f.text));
      h = h_call_builtin;
    }
  } else
    l.bad("call target");
  l.I.target = (u32)l.fb.code.calls.size();
  l.fb.code.calls.push_back(std::move(cs));
  l.emit(h, InstructionClass::Control);
}
}  // namespace
VGPU_OP(bra, op_bra);
VGPU_OP(brx, op_brx);
VGPU_OP(ret, op_ret);
VGPU_OP(exit, op_exit);
VGPU_OP(trap, op_trap);
VGPU_OP(brkpt, op_brkpt);
VGPU_OP(nanosleep, op_nanosleep);
VGPU_OP(call, op_call);
}  // namespace vgpu
