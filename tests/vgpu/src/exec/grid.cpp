#include "tests/vgpu/src/exec/grid.h"

#include <condition_variable>
#include <ctime>
#include <mutex>
#include <sched.h>
#include <thread>

#include "tests/vgpu/src/exec/cluster.h"
#include "tests/vgpu/src/exec/schedule.h"
#include "tests/vgpu/src/report/report.h"
namespace vgpu {
u64 now_ns() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (u64)t.tv_sec * 1000000000ull + t.tv_nsec;
}

Thread::PerCode& Thread::of(const Code* c) {
  auto& p = per_code[c];
  if (p.counts.empty()) {
    p.counts.resize(c->code.size() + 1);
    p.memo.resize(c->nmem + 1);
  }
  return p;
}
u8* Thread::frame_alloc(u32& bytes) {
  bytes = (bytes + 1023) / 1024 * 1024;
  for (size_t i = 0; i < free_frames.size(); i++)
    if (free_frames[i].first == bytes) {
      u8* p = free_frames[i].second;
      free_frames[i] = free_frames.back();
      free_frames.pop_back();
      return p;
    }
  return (u8*)aligned_alloc(64, bytes);
}

static void record_fault(Launch& l, const Fault& f) {
  static std::mutex mu;
  std::lock_guard g(mu);
  if (!l.fault) l.fault = new Fault(f);
  l.failed = true;
}

// One worker's share of a launch: keep at least one block going; if all the resident ones only spin
// (on other blocks), take in another one.
static void work(Launch& l, Thread& t) {
  std::deque<Block*> live;
  auto take = [&]() -> bool {
    const u32 per = (u32)l.cluster.count();  // the blocks of a cluster are resident together
    u64 i = l.next.fetch_add(1);
    if (i * per >= l.total) return false;
    if (schedule().random) i = scheduled_block(i, l.total / per, l.max_resident / per, l.grid_id);
    Cluster* c = per > 1 ? new Cluster : nullptr;
    for (u32 r = 0; r < per; r++) {
      Block* b;
      if (t.free_blocks.empty())
        b = new Block;
      else {
        b = t.free_blocks.back();
        t.free_blocks.pop_back();
      }
      b->start(&l, &t, per > 1 ? cluster_block(l, i, r) : i);
      if (c) {
        b->cluster = c;
        b->rank = r;
        c->blocks.push_back(b);
      }
      live.push_back(b);
    }
    return true;
  };
  u32 idle = 0;
  const u64 per_cluster = l.cluster.count();
  try {
    if (l.cooperative) {  // every block is resident from the start
      for (;;) {
        u64 n = live.size();
        if (!take() || live.size() == n) break;
      }
    }
    while (!l.failed) {
      if (live.empty()) {
        if (!take()) break;
        idle = 0;
      }
      Block* b = live.front();
      live.pop_front();
      live.push_back(b);
      u64 before = l.finished;
      if (b->run() == Block::Done) {
        live.pop_back();
        if (Cluster* c = per_cluster > 1
                             ? b->cluster
                             : nullptr) {  // the others may still name its shared memory
          if (++c->done == c->blocks.size()) {
            for (Block* x : c->blocks) {
              x->cluster = nullptr;
              t.free_blocks.push_back(x);
            }
            delete c;
          }
        } else
          t.free_blocks.push_back(b);
        l.finished++;
        idle = 0;
        continue;
      }
      if (l.deadline_ns && now_ns() > l.deadline_ns)
        throw Fault(ERR_LAUNCH_TIMEOUT,
                    format_text("kernel %s ran out of time (VGPU_TIMEOUT)\n", l.name.c_str()) +
                        b->state_dump());
      // Spinning. Give the other workers a chance, then widen the set of resident blocks.
      if (++idle > live.size() * 2) {
        if (before == l.finished && idle > live.size() * 2 + 20 && live.size() < l.max_resident &&
            take())
          idle = 0;
        else
          sched_yield();
      }
    }
  } catch (const Fault& f) {
    record_fault(l, f);
  } catch (const std::exception& e) {
    record_fault(l, Fault(ERR_LAUNCH_FAILURE, e.what()));
  }
  for (Block* b : live) {
    delete b;
  }
}

namespace {
struct Pool {
  std::vector<Thread*> threads;
  std::vector<std::thread> workers;
  std::mutex mu;
  std::condition_variable cv, done;
  Launch* job = nullptr;
  u64 gen = 0;
  u32 busy = 0;
  u32 want = 0;
  Pool() {
    u32 n = (u32)std::max(1l, environment_number("VGPU_THREADS", 2));
    for (u32 i = 0; i < n; i++) {
      threads.push_back(new Thread);
      threads[i]->id = i;
    }
    for (u32 i = 1; i < n; i++) workers.emplace_back([this, i] { loop(i); });
    for (auto& w : workers) w.detach();
  }
  void loop(u32 i) {
    u64 seen = 0;
    for (;;) {
      Launch* l;
      bool mine;
      {
        std::unique_lock g(mu);
        cv.wait(g, [&] { return gen != seen; });
        seen = gen;
        l = job;
        mine = i < want;
      }
      if (!mine) continue;
      work(*l, *threads[i]);
      {
        std::lock_guard g(mu);
        if (--busy == 0) done.notify_all();
      }
    }
  }
  void run(Launch& l) {
    u32 n = (u32)std::min<u64>(threads.size(), l.total);
    if (n > 1) {
      std::lock_guard g(mu);
      job = &l;
      want = n;
      busy = n - 1;
      gen++;
      cv.notify_all();
    }
    work(l, *threads[0]);
    if (n > 1) {
      std::unique_lock g(mu);
      done.wait(g, [&] { return busy == 0; });
    }
  }
};
Pool& pool() {
  static Pool* p = new Pool;
  return *p;
}
}  // namespace

void run_launch(Launch& l) {
  static const long timeout = environment_number("VGPU_TIMEOUT", 0);
  u64 t0 = now_ns();
  l.epoch = memtable().epoch();
  if (timeout) l.deadline_ns = t0 + (u64)timeout * 1000000000ull;
  pool().run(l);
  report_launch(l, pool().threads, now_ns() - t0);
  if (l.fault) {
    Fault f = *l.fault;
    delete l.fault;
    throw f;
  }
}
}  // namespace vgpu
