#include "tests/vgpu/src/report/report.h"

#include <cxxabi.h>
#include <map>
#include <mutex>

#include "tests/vgpu/src/isa/isa.h"
namespace vgpu {
namespace {
struct KernelStats {
  u64 launches = 0, blocks = 0, threads = 0, ns = 0, divergent = 0, branches = 0, tensor_flops = 0;
  u64 flops = 0;
  u64 dynamic_shared = 0;  // the most of any launch
  bool host_op = false;    // cuBLAS calls: computed on the host
  u64 bulk[6] = {0};       // sm_90: copies, bytes and sectors loaded, stored; setmaxnreg
  u64 warps[(int)InstructionClass::Count] = {0}, lanes[(int)InstructionClass::Count] = {0};
  u64 gld_req = 0, gld_sec = 0, gld_bytes = 0, gst_req = 0, gst_sec = 0, gst_bytes = 0,
      atom_req = 0;
  u64 sld_req = 0, sld_waves = 0, sld_ideal = 0, sld_bytes = 0, sst_req = 0, sst_waves = 0,
      sst_ideal = 0, sst_bytes = 0;
  struct Hot {
    u64 warps = 0, lanes = 0;
  };
  std::map<std::string, Hot> hot;  // VGPU_PROFILE=1: per instruction
};
std::map<std::string, KernelStats>& stats() {
  static auto* m = new std::map<std::string, KernelStats>;
  return *m;
}
std::mutex& mu() {
  static auto* m = new std::mutex;
  return *m;
}
std::string pretty(const std::string& n) {
  int st;
  char* d = abi::__cxa_demangle(n.c_str(), nullptr, nullptr, &st);
  std::string r = st == 0 && d ? d : n;
  free(d);
  return r;
}
u64 total(const KernelStats& k, bool lanes) {
  u64 t = 0;
  for (int i = 0; i < (int)InstructionClass::Count; i++) t += lanes ? k.lanes[i] : k.warps[i];
  return t;
}
std::string esc(const std::string& s) {
  std::string r;
  for (char c : s) {
    if (c == '"' || c == '\\') r += '\\';
    r += c;
  }
  return r;
}

void write_json(FILE* f) {
  fprintf(f, "{\"kernels\": [");
  bool first = true;
  for (auto& [name, k] : stats()) {
    fprintf(f,
            "%s\n {\"name\": \"%s\", \"mangled\": \"%s\", \"launches\": %llu, \"blocks\": %llu, "
            "\"threads\": %llu, \"dynamic_shared\": %llu, \"host_ms\": %.3f,\n  "
            "\"warp_instructions\": %llu, "
            "\"lane_instructions\": %llu, \"divergent_branches\": %llu, \"tensor_flops\": %llu,\n",
            first ? "" : ",", esc(pretty(name)).c_str(), name.c_str(),
            (unsigned long long)k.launches, (unsigned long long)k.blocks,
            (unsigned long long)k.threads, (unsigned long long)k.dynamic_shared, k.ns * 1e-6,
            (unsigned long long)total(k, false), (unsigned long long)total(k, true),
            (unsigned long long)k.divergent, (unsigned long long)k.tensor_flops);
    first = false;
    for (int w = 0; w < 2; w++) {
      fprintf(f, "  \"%s\": {", w ? "lanes_by_class" : "warps_by_class");
      bool c1 = true;
      for (int i = 0; i < (int)InstructionClass::Count; i++) {
        u64 v = w ? k.lanes[i] : k.warps[i];
        if (v) {
          fprintf(f, "%s\"%s\": %llu", c1 ? "" : ", ", kl_name((InstructionClass)i),
                  (unsigned long long)v);
          c1 = false;
        }
      }
      fprintf(f, "},\n");
    }
    fprintf(f,
            "  \"global_load\": {\"requests\": %llu, \"sectors\": %llu, \"bytes\": %llu}, "
            "\"global_store\": {\"requests\": %llu, \"sectors\": %llu, \"bytes\": %llu},\n",
            (unsigned long long)k.gld_req, (unsigned long long)k.gld_sec,
            (unsigned long long)k.gld_bytes, (unsigned long long)k.gst_req,
            (unsigned long long)k.gst_sec, (unsigned long long)k.gst_bytes);
    fprintf(f,
            "  \"shared_load\": {\"requests\": %llu, \"wavefronts\": %llu, \"ideal\": %llu, "
            "\"bytes\": %llu}, \"shared_store\": {\"requests\": %llu, \"wavefronts\": %llu, "
            "\"ideal\": %llu, \"bytes\": %llu}, \"global_atomic_requests\": %llu",
            (unsigned long long)k.sld_req, (unsigned long long)k.sld_waves,
            (unsigned long long)k.sld_ideal, (unsigned long long)k.sld_bytes,
            (unsigned long long)k.sst_req, (unsigned long long)k.sst_waves,
            (unsigned long long)k.sst_ideal, (unsigned long long)k.sst_bytes,
            (unsigned long long)k.atom_req);
    if (k.bulk[0] || k.bulk[5])
      fprintf(f,
              ",\n  \"bulk_copies\": %llu, \"bulk_load\": {\"bytes\": %llu, \"sectors\": %llu}, "
              "\"bulk_store\": {\"bytes\": %llu, \"sectors\": %llu}, \"setmaxnreg\": %llu",
              (unsigned long long)k.bulk[0], (unsigned long long)k.bulk[1],
              (unsigned long long)k.bulk[2], (unsigned long long)k.bulk[3],
              (unsigned long long)k.bulk[4], (unsigned long long)k.bulk[5]);
    if (k.host_op) fprintf(f, ",\n  \"flops\": %llu", (unsigned long long)k.flops);
    if (!k.hot.empty()) {
      fprintf(f, ",\n  \"profile\": [");
      bool h1 = true;
      for (auto& [w, h] : k.hot) {
        fprintf(f, "%s\n   [%llu, %llu, \"%s\"]", h1 ? "" : ",", (unsigned long long)h.warps,
                (unsigned long long)h.lanes, esc(w).c_str());
        h1 = false;
      }
      fprintf(f, "]");
    }
    fprintf(f, "}");
  }
  fprintf(f, "\n]}\n");
}
void write_table(FILE* f) {
  fprintf(f, "%-48s %7s %8s %10s %11s %8s %7s %7s %7s %6s %6s\n", "kernel", "launch", "blocks",
          "warp-ins", "lane-ins", "ms", "ld B/s%", "st B/s%", "bank x", "div", "act%");
  for (auto& [name, k] : stats()) {
    std::string n = pretty(name);
    if (n.size() > 47) n = n.substr(0, 44) + "...";
    if (k.host_op) {
      fprintf(f, "%-48s %7llu  host  %14llu flops %25.1f ms, %.1f Gflop/s\n", name.c_str(),
              (unsigned long long)k.launches, (unsigned long long)k.flops, k.ns * 1e-6,
              k.ns ? (double)k.flops / k.ns : 0.0);
      continue;
    }
    u64 w = total(k, false), l = total(k, true);
    auto pct = [](u64 bytes, u64 sec) { return sec ? 100.0 * bytes / (32.0 * sec) : 0.0; };
    u64 waves = k.sld_waves + k.sst_waves, ideal = k.sld_ideal + k.sst_ideal;
    fprintf(f, "%-48s %7llu %8llu %10llu %11llu %8.1f %7.1f %7.1f %7.2f %6llu %6.1f\n", n.c_str(),
            (unsigned long long)k.launches, (unsigned long long)k.blocks, (unsigned long long)w,
            (unsigned long long)l, k.ns * 1e-6, pct(k.gld_bytes, k.gld_sec),
            pct(k.gst_bytes, k.gst_sec), ideal ? (double)waves / ideal : 0.0,
            (unsigned long long)k.divergent, w ? 100.0 * l / (32.0 * w) : 0.0);
    fprintf(f, "   ");
    for (int i = 0; i < (int)InstructionClass::Count; i++)
      if (k.warps[i])
        fprintf(f, " %s %llu", kl_name((InstructionClass)i), (unsigned long long)k.warps[i]);
    if (k.bulk[0])
      fprintf(f, " | bulk copies %llu, %llu B in, %llu B out", (unsigned long long)k.bulk[0],
              (unsigned long long)k.bulk[1], (unsigned long long)k.bulk[3]);
    fprintf(f, "\n");
  }
}
void at_exit() {
  const char* to = environment_text("VGPU_REPORT", nullptr);
  if (!to) return;
  std::lock_guard l(mu());
  if (!strcmp(to, "-")) {
    fflush(stdout);
    write_table(stderr);
    return;
  }
  if (FILE* f = fopen(to, "w")) {
    write_json(f);
    fclose(f);
  } else
    log_line(std::string("cannot write ") + to);
}
}  // namespace

static void arm() {
  static bool once = [] {
    atexit(at_exit);
    return true;
  }();
  (void)once;
}
void report_host_op(const std::string& name, u64 flops, bool tensor, u64 ns) {
  std::lock_guard g(mu());
  arm();
  KernelStats& k = stats()[name];
  k.host_op = true;
  k.launches++;
  k.ns += ns;
  k.flops += flops;
  if (tensor) k.tensor_flops += flops;
}
void report_launch(Launch& l, std::vector<Thread*>& threads, u64 ns) {
  static const bool profile = environment_number("VGPU_PROFILE", 0) != 0;
  std::lock_guard g(mu());
  arm();
  KernelStats& k = stats()[l.name];
  k.launches++;
  k.blocks += l.total;
  k.threads += l.total * l.block.count();
  k.dynamic_shared = std::max<u64>(k.dynamic_shared, l.dyn_shared);
  k.ns += ns;
  for (Thread* t : threads) {
    k.divergent += t->divergent;
    t->divergent = 0;
    k.tensor_flops += t->tensor_flops;
    t->tensor_flops = 0;
    u64* from[6] = {&t->bulk_ops,      &t->bulk_ld_bytes,   &t->bulk_ld_sectors,
                    &t->bulk_st_bytes, &t->bulk_st_sectors, &t->setmaxnreg};
    for (int i = 0; i < 6; i++) {
      k.bulk[i] += *from[i];
      *from[i] = 0;
    }
    for (auto& cp : l.prog->codes) {
      auto it = t->per_code.find(cp.get());
      if (it == t->per_code.end()) continue;
      auto& pc = it->second;
      for (size_t i = 0; i < cp->code.size(); i++) {
        Count& c = pc.counts[i];
        if (!c.warps) continue;
        const Instruction& I = cp->code[i];
        k.warps[(int)I.klass] += c.warps;
        k.lanes[(int)I.klass] += c.lanes;
        if (profile) {
          auto& h = k.hot[cp->where(&I)];
          h.warps += c.warps;
          h.lanes += c.lanes;
        }
        c = Count{};
        if (!I.mem) continue;
        Memo& m = pc.memo[I.mem];
        m.flush();
        bool st = I.klass == InstructionClass::GlobalSt || I.klass == InstructionClass::SharedSt ||
                  I.klass == InstructionClass::GenericSt;
        if (I.klass == InstructionClass::Atomic)
          k.atom_req += m.g_req;
        else if (I.klass == InstructionClass::AsyncCopy) {
          k.gld_req += m.g_req;
          k.gld_sec += m.g_sectors;
          k.gld_bytes += m.g_bytes;
          k.sst_req += m.s_req;
          k.sst_waves += m.s_waves;
          k.sst_ideal += m.s_ideal;
          k.sst_bytes += m.s_bytes;
        } else if (st) {
          k.gst_req += m.g_req;
          k.gst_sec += m.g_sectors;
          k.gst_bytes += m.g_bytes;
          k.sst_req += m.s_req;
          k.sst_waves += m.s_waves;
          k.sst_ideal += m.s_ideal;
          k.sst_bytes += m.s_bytes;
        } else if (I.klass != InstructionClass::ParamLd) {  // which the constant cache answers
          k.gld_req += m.g_req;
          k.gld_sec += m.g_sectors;
          k.gld_bytes += m.g_bytes;
          k.sld_req += m.s_req;
          k.sld_waves += m.s_waves;
          k.sld_ideal += m.s_ideal;
          k.sld_bytes += m.s_bytes;
        }
        m.g_req = m.g_sectors = m.g_bytes = m.s_req = m.s_waves = m.s_ideal = m.s_bytes = 0;
      }
    }
  }
}
}  // namespace vgpu
