// Registration of fat binaries, choice of the PTX image, module variables, kernels.
#include <fatbinary_section.h>
#include <set>
#include <zstd.h>

#include "tests/vgpu/src/runtime/internal.h"
namespace vgpu {
std::recursive_mutex& api_mutex() {
  static auto* m = new std::recursive_mutex;
  return *m;
}

namespace {
struct Registry {
  std::vector<LoadedModule*> modules;
  struct Fn {
    LoadedModule* m;
    std::string name;
  };
  std::unordered_map<const void*, Fn> functions;  // host stub -> kernel
  std::unordered_map<const void*, Fn> variables;  // host shadow -> variable
  std::set<const void*> handles;                  // Kernel*
};
Registry& reg() {
  static auto* r = new Registry;
  return *r;
}

struct FatHeader {
  u32 magic;
  u16 version, header;
  u64 size;
};
struct FatEntry {
  u16 kind, version;
  u32 header;
  u64 size;  // size: of the padded payload
  u32 packed, options;
  u16 minor, major;
  u32 arch;
  u32 name_off, name_len;
  u64 flags;
  u64 zero;
  u64 unpacked;
};
std::string lz4_block(const u8* s, size_t n, size_t out_n) {
  std::string o;
  o.reserve(out_n);
  const u8* e = s + n;
  while (s < e) {
    u8 t = *s++;
    size_t lit = t >> 4;
    if (lit == 15) {
      u8 b;
      do {
        b = *s++;
        lit += b;
      } while (b == 255 && s < e);
    }
    o.append((const char*)s, std::min<size_t>(lit, e - s));
    s += lit;
    if (s >= e) break;
    size_t off = s[0] | s[1] << 8;
    s += 2;
    size_t len = (t & 15) + 4;
    if ((t & 15) == 15) {
      u8 b;
      do {
        b = *s++;
        len += b;
      } while (b == 255 && s < e);
    }
    if (off == 0 || off > o.size()) throw PtxError("corrupt LZ4 data in the fat binary");
    for (size_t i = 0, p = o.size() - off; i < len; i++) o += o[p + i];
  }
  return o;
}
std::string payload(const FatEntry* h) {
  const u8* p = (const u8*)h + h->header;
  bool packed = h->packed && h->unpacked && h->packed != h->unpacked;
  if (!packed || !(h->flags & 0xa000))
    return std::string((const char*)p, strnlen((const char*)p, h->size));
  if (*(const u32*)p == 0xfd2fb528u) {
    std::string o(h->unpacked, 0);
    size_t n = ZSTD_decompress(o.data(), o.size(), p, h->packed);
    if (ZSTD_isError(n)) throw PtxError(format_text("zstd: %s", ZSTD_getErrorName(n)));
    o.resize(n);
    return o;
  }
  return lz4_block(p, h->packed, h->unpacked);
}
// The PTX with the highest target this device can run. ".target sm_90a" runs on 9.0 only.
bool choose_ptx(const void* image, std::string& best, std::string& why) {
  int cc = device_cc(), best_arch = -1;
  std::string seen;
  auto consider = [&](std::string t) {
    size_t p = t.find(".target sm_");
    if (p == std::string::npos) return;
    int arch = atoi(t.c_str() + p + 11);
    const char* q = t.c_str() + p + 11;
    while (isdigit((u8)*q)) q++;
    bool specific = *q == 'a' || *q == 'f';
    seen += format_text(" sm_%d%s", arch, specific ? std::string(q, 1).c_str() : "");
    if (arch > cc || (specific && arch != cc)) return;
    int rank = arch * 2 + specific;
    if (rank > best_arch) {
      best_arch = rank;
      best = std::move(t);
    }
  };
  const FatHeader* f = (const FatHeader*)image;
  if (f->magic == 0xba55ed50u) {
    const u8 *p = (const u8*)f + f->header, *e = p + f->size;
    while (p < e) {
      const FatEntry* h = (const FatEntry*)p;
      if (h->kind == 1)
        consider(payload(h));
      else
        seen += format_text(" (kind %u for sm_%u)", h->kind, h->arch);
      p += h->header + h->size;
    }
  } else
    consider(std::string((const char*)image));
  if (best_arch < 0) {
    why = format_text("no PTX for compute capability %d.%d or lower; the binary holds:%s", cc / 10,
                      cc % 10, seen.empty() ? " nothing" : seen.c_str());
    return false;
  }
  return true;
}
}  // namespace

const FuncDecl* Kernel::decl() const { return &mod->ptx->funcs[mod->ptx->func_index.at(name)]; }
bool Kernel::build() {
  if (prog) return true;
  if (!build_error.empty()) return false;
  try {
    prog = compile_kernel(*mod->ptx, *mod, name);
  } catch (const std::exception& e) {
    build_error = e.what();
    log_line("cannot compile kernel " + name + ": " + build_error);
    return false;
  }
  return true;
}

bool LoadedModule::address(const std::string& n, u64& a) const {
  auto it = vars.find(n);
  if (it == vars.end()) {
    // An extern variable may be defined in another module of the program.
    for (auto* m : reg().modules) {
      if (m == this || !m->loaded) continue;
      auto j = m->vars.find(n);
      if (j != m->vars.end()) {
        a = j->second.addr;
        return true;
      }
    }
    return false;
  }
  a = it->second.addr;
  return true;
}

bool LoadedModule::load() {
  if (loaded) return true;
  if (!error.empty()) return false;
  try {
    std::string text;
    if (!choose_ptx(image, text, error)) {
      log_line(error);
      return false;
    }
    if (const char* dump = environment_text("VGPU_DUMP_PTX", nullptr)) {
      static int k = 0;
      if (FILE* f = fopen(format_text("%s.%d.ptx", dump, k++).c_str(), "w")) {
        fwrite(text.data(), 1, text.size(), f);
        fclose(f);
      }
    }
    ptx = parse_module(std::move(text));
    // Storage first, so that initialisers may point anywhere.
    for (auto& v : ptx->vars) {
      if (v.space != Space::Global && v.space != Space::Const) continue;
      if (v.is_extern) continue;
      Var x;
      x.name = v.name;
      x.size = v.size;
      x.constant = v.space == Space::Const;
      x.managed = v.managed;
      x.addr = (u64)mem_alloc(v.size,
                              x.managed    ? MemKind::Managed
                              : x.constant ? MemKind::ConstVariable
                                           : MemKind::Variable,
                              v.name);
      memset((void*)x.addr, 0, v.size);
      vars[v.name] = x;
    }
    loaded = true;
    for (auto& v : ptx->vars) {
      if (v.init.empty() || !vars.count(v.name)) continue;
      u8* p = (u8*)vars[v.name].addr;
      for (auto& it : v.init) {
        u64 val = it.bits;
        if (!it.sym.empty()) {
          u64 a;
          if (address(it.sym, a))
            val = a + it.add;
          else if (ptx->func_index.count(it.sym))
            val = function_handle(it.sym) + it.add;
          else
            throw PtxError("initialiser of " + v.name + " names unknown symbol " + it.sym);
          val >>= it.shift;
        }
        memcpy(p, &val, it.bytes);
        p += it.bytes;
      }
    }
    for (auto& f : ptx->funcs)
      if (f.entry && f.has_body) {
        auto k = std::make_unique<Kernel>();
        k->mod = this;
        k->name = f.name;
        reg().handles.insert(k.get());
        kernels[f.name] = std::move(k);
      }
    for (auto& [pp, n] : managed_ptrs)
      if (vars.count(n)) *pp = (void*)vars[n].addr;
  } catch (const std::exception& e) {
    error = e.what();
    loaded = false;
    log_line("cannot load PTX: " + error);
    return false;
  }
  return true;
}
Kernel* LoadedModule::kernel(const std::string& n) {
  if (!load()) return nullptr;
  auto it = kernels.find(n);
  return it == kernels.end() ? nullptr : it->second.get();
}

Kernel* kernel_of(const void* f) {
  auto it = reg().functions.find(f);
  if (it != reg().functions.end()) return it->second.m->kernel(it->second.name);
  if (reg().handles.count(f)) return (Kernel*)f;
  return nullptr;
}
Var* var_of(const void* s) {
  auto it = reg().variables.find(s);
  if (it == reg().variables.end() || !it->second.m->load()) return nullptr;
  auto v = it->second.m->vars.find(it->second.name);
  return v == it->second.m->vars.end() ? nullptr : &v->second;
}
}  // namespace vgpu
using namespace vgpu;

VGPU_API void** __cudaRegisterFatBinary(void* w) {
  API_LOCK;
  auto* wrap = (__fatBinC_Wrapper_t*)w;
  auto* m = new LoadedModule;
  m->image = wrap->data;
  reg().modules.push_back(m);
  return (void**)m;
}
VGPU_API void __cudaRegisterFatBinaryEnd(void**) {}
VGPU_API void __cudaUnregisterFatBinary(void**) {}
VGPU_API void __cudaRegisterFunction(void** h, const char* host, char*, const char* name, int,
                                     uint3*, uint3*, dim3*, dim3*, int*) {
  API_LOCK;
  reg().functions[host] = {(LoadedModule*)h, name};
}
VGPU_API void __cudaRegisterVar(void** h, char* host, char*, const char* name, int, size_t, int,
                                int) {
  API_LOCK;
  reg().variables[host] = {(LoadedModule*)h, name};
}
VGPU_API void __cudaRegisterManagedVar(void** h, void** host, char*, const char* name, int, size_t,
                                       int, int) {
  API_LOCK;
  auto* m = (LoadedModule*)h;
  m->managed_ptrs.push_back({host, name});
  reg().variables[host] = {m, name};
  if (m->loaded && m->vars.count(name)) *host = (void*)m->vars[name].addr;
}
VGPU_API char __cudaInitModule(void** h) {
  API_LOCK;
  return ((LoadedModule*)h)->load();
}
VGPU_API void __cudaRegisterHostVar(void**, const char*, char*, size_t) {}
VGPU_API void __cudaRegisterUnifiedTable(void**, void*) {}

VGPU_API cudaError_t __cudaGetKernel(cudaKernel_t* out, const void* f) {
  API_LOCK;
  Kernel* k = kernel_of(f);
  *out = (cudaKernel_t)k;
  return k ? cudaSuccess : cudaErrorInvalidDeviceFunction;
}
VGPU_API cudaError_t cudaGetKernel(cudaKernel_t* out, const void* f) {
  API_LOCK;
  Kernel* k = kernel_of(f);
  *out = (cudaKernel_t)k;
  return done(k ? cudaSuccess : cudaErrorInvalidDeviceFunction);
}
VGPU_API cudaError_t cudaGetFuncBySymbol(cudaFunction_t* out, const void* f) {
  API_LOCK;
  Kernel* k = kernel_of(f);
  *out = (cudaFunction_t)k;
  return done(k ? cudaSuccess : cudaErrorInvalidDeviceFunction);
}
VGPU_API cudaError_t cudaGetSymbolAddress(void** p, const void* s) {
  API_ENTER;
  Var* v = var_of(s);
  if (!v) return done(cudaErrorInvalidSymbol);
  *p = (void*)v->addr;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGetSymbolSize(size_t* n, const void* s) {
  API_ENTER;
  Var* v = var_of(s);
  if (!v) return done(cudaErrorInvalidSymbol);
  *n = v->size;
  return cudaSuccess;
}

// Libraries: PTX text or a fat binary given at run time.
VGPU_API cudaError_t cudaLibraryLoadData(cudaLibrary_t* lib, const void* code, cudaJitOption*,
                                         void**, unsigned, cudaLibraryOption*, void**, unsigned) {
  API_ENTER;
  auto* m = new LoadedModule;
  const u32* p = (const u32*)code;
  m->image = *p == FATBINC_MAGIC ? (const void*)((const __fatBinC_Wrapper_t*)code)->data : code;
  if (((const FatHeader*)m->image)->magic != 0xba55ed50u) m->image = strdup((const char*)m->image);
  reg().modules.push_back(m);
  if (!m->load()) return done(cudaErrorInvalidPtx);
  *lib = (cudaLibrary_t)m;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaLibraryGetKernel(cudaKernel_t* k, cudaLibrary_t lib, const char* name) {
  API_ENTER;
  *k = (cudaKernel_t)((LoadedModule*)lib)->kernel(name);
  return done(*k ? cudaSuccess : cudaErrorSymbolNotFound);
}
VGPU_API cudaError_t cudaLibraryGetGlobal(void** p, size_t* n, cudaLibrary_t lib,
                                          const char* name) {
  API_ENTER;
  auto& v = ((LoadedModule*)lib)->vars;
  auto it = v.find(name);
  if (it == v.end()) return done(cudaErrorSymbolNotFound);
  if (p) *p = (void*)it->second.addr;
  if (n) *n = it->second.size;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaLibraryUnload(cudaLibrary_t) { return cudaSuccess; }
