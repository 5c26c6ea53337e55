#include "tests/vgpu/src/isa/system.h"

#include <mutex>

#include "tests/vgpu/src/isa/access.h"
namespace vgpu {
static const char* kBuiltins[] = {"vprintf", "__assertfail", "malloc", "free"};
int find_builtin(std::string_view n) {
  for (int i = 0; i < 4; i++)
    if (n == kBuiltins[i]) return i;
  return -1;
}

static std::string device_string(Warp& w, const Instruction& I, int lane, u64 p) {
  std::string s;
  while (s.size() < 65536) {
    char c = *(char*)lane_pointer(w, I, lane, p++, Space::Generic, 1, 1, false);
    if (!c) break;
    s += c;
  }
  return s;
}
static void device_printf(Warp& w, const Instruction& I, int lane, u64 fmt_p, u64 args) {
  std::string f = device_string(w, I, lane, fmt_p), out;
  u64 at = args;
  auto arg = [&](u32 n) {
    at = (at + n - 1) / n * n;
    u64 v = 0;
    memcpy(&v, lane_pointer(w, I, lane, at, Space::Generic, n, 1, false), n);
    at += n;
    return v;
  };
  for (size_t i = 0; i < f.size(); i++) {
    if (f[i] != '%') {
      out += f[i];
      continue;
    }
    size_t b = i++;
    std::string spec = "%";
    while (i < f.size() && strchr("-+ #0", f[i])) spec += f[i++];
    auto number = [&] {
      if (i < f.size() && f[i] == '*') {
        spec += std::to_string((s32)arg(4));
        i++;
      } else
        while (i < f.size() && isdigit((u8)f[i])) spec += f[i++];
    };
    number();
    if (i < f.size() && f[i] == '.') {
      spec += f[i++];
      number();
    }
    int lng = 0;
    while (i < f.size() && strchr("hlLqjzt", f[i])) {
      if (f[i] == 'l' || f[i] == 'q' || f[i] == 'j' || f[i] == 'z' || f[i] == 't') lng = 1;
      i++;
    }
    char c = i < f.size() ? f[i] : 0;
    if (c == '%')
      out += '%';
    else if (strchr("di", c) && c)
      out += lng ? format_text((spec + "lld").c_str(), (long long)arg(8))
                 : format_text((spec + "d").c_str(), (int)arg(4));
    else if (strchr("uxXo", c) && c)
      out += lng ? format_text((spec + "ll" + c).c_str(), (unsigned long long)arg(8))
                 : format_text((spec + c).c_str(), (unsigned)arg(4));
    else if (c == 'c')
      out += format_text((spec + "c").c_str(), (int)arg(4));
    else if (strchr("eEfFgGaA", c) && c)
      out += format_text((spec + c).c_str(), bitcast<double>(arg(8)));
    else if (c == 'p')
      out += format_text("0x%llx", (unsigned long long)arg(8));
    else if (c == 's') {
      u64 p = arg(8);
      out += format_text((spec + "s").c_str(), p ? device_string(w, I, lane, p).c_str() : "(null)");
    } else
      out += f.substr(b, i - b + 1);
  }
  fwrite(out.data(), 1, out.size(), stdout);
}
void run_builtin(Warp& w, const Instruction& I, const CallSite& cs, u32 mask) {
  auto arg = [&](int lane, size_t k) -> u64 {
    u64 v = 0;
    if (k < cs.args.size())
      memcpy(&v, w.local + (size_t)lane * w.local_stride + w.frame->local_base + cs.args[k].off,
             std::min<u32>(8, cs.args[k].size));
    return v;
  };
  auto ret = [&](int lane, u64 v) {
    if (!cs.rets.empty())
      memcpy(w.local + (size_t)lane * w.local_stride + w.frame->local_base + cs.rets[0].off, &v,
             std::min<u32>(8, cs.rets[0].size));
  };
  static std::mutex mu;
  switch (cs.builtin) {
    case 0: {
      std::lock_guard l(mu);
      for_lanes(mask, [&](int i) {
        device_printf(w, I, i, arg(i, 0), arg(i, 1));
        ret(i, 1);
      });
      break;
    }
    case 1: {
      int i = __builtin_ctz(mask);
      std::string m = device_string(w, I, i, arg(i, 0)), file = device_string(w, I, i, arg(i, 1)),
                  fn = device_string(w, I, i, arg(i, 3));
      log_line(format_text(
          "%s:%u: %s: block: [%u,%u,%u], thread: [%u,%u,%u] Assertion `%s` failed.", file.c_str(),
          (u32)arg(i, 2), fn.c_str(), 0, 0, 0, w.tid[0][i], w.tid[1][i], w.tid[2][i], m.c_str()));
      w.fault(ERR_ASSERT, I, i, "device-side assert: " + m);
    }
    case 2:
      for_lanes(mask, [&](int i) {
        ret(i, (u64)mem_alloc(arg(i, 0), MemKind::Device, "device malloc"));
      });
      break;
    case 3:
      for_lanes(mask, [&](int i) {
        if (arg(i, 0)) mem_free((void*)arg(i, 0));
      });
      break;
  }
}
}  // namespace vgpu
