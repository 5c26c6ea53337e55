// Shared-memory race check (VGPU_RACE=1) in the style of FastTrack: a vector clock per warp, joined
// at barriers, and per 4-byte word the last write and the reads since. Two accesses of a word by
// different warps, one of them a write, must be ordered by barriers (bar/barrier, mbarriers through
// race_release/race_acquire, or strong accesses: volatile, atomics). VGPU_RACE=2 adds conflicts
// between lanes of one warp that no __syncwarp (or block barrier) separates.
#pragma once
#include "tests/vgpu/src/exec/block.h"
namespace vgpu {
enum class RaceKind : u8 {
  Read,
  Write,
  StrongRead,
  StrongWrite,
  Atomic,
  AsyncIssue,
  AsyncDone
};                            // Async: cp.async starts, completes
extern const int race_level;  // VGPU_RACE
extern const bool race_on;
// Lanes of `mask` access `bytes` at shared offsets off[lane]. Before the access is made. Faults on
// a race.
void race_access(Warp& w, const Instruction& I, u32 mask, const u32* off, u32 bytes, RaceKind kind);
RaceKind race_kind(const Instruction& I, bool store);  // of an ld, st, atom or red
void race_start(Block& b);
void race_warp_sync(Warp& w);                  // __syncwarp
void race_arrive(Block& b, Warp& w, u32 bar);  // a warp arrives at a block barrier ...
void race_depart(Block& b, Warp& w, u32 bar);  // ... and goes on after it completed
void race_reset(Block& b, u32 bar);
// Objects with phases (mbarriers by their offset, barrier.cluster): warps signal, a phase ends,
// waiters take over what was signalled before it ended.
constexpr u32 kRaceCluster = ~0u;
void race_signal(Warp& w, u32 object);
void race_phase(Block& b, u32 object);
void race_wait(Warp& w, u32 object);
void race_forget(Block& b, u32 off,
                 u32 bytes);  // overwritten by somebody who is not a warp (the copy engine)
}  // namespace vgpu
