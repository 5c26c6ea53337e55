// The CUDA runtime's objects. Everything executes synchronously when it is submitted; streams only
// matter for capture. A fault on the device becomes the pending error, which the next call that
// could notice it on a real GPU returns, and every later call too.
#pragma once
#include <cuda_runtime_api.h>
#include <memory>
#include <mutex>
#include <thread>

#include "tests/vgpu/src/exec/grid.h"
#include "tests/vgpu/src/ptx/lower.h"
#include "tests/vgpu/src/ptx/parser.h"

#define VGPU_API extern "C" __attribute__((visibility("default")))
namespace vgpu {
struct LoadedModule;

struct Kernel {
  LoadedModule* mod = nullptr;
  std::string name;  // mangled
  std::unique_ptr<Program> prog;
  std::string build_error;
  int max_dyn_shared = -1;  // set by cudaFuncSetAttribute; -1: 48 KiB minus static
  int carveout = -1, nonportable_cluster = 0;
  const FuncDecl* decl() const;
  bool build();  // false: build_error says why
};

struct Var {
  std::string name;
  u64 addr = 0;
  u64 size = 0;
  bool constant = false, managed = false;
};

struct LoadedModule : SymbolTable {
  const void* image = nullptr;  // fat binary or PTX text
  bool loaded = false;
  std::unique_ptr<Module> ptx;
  std::string error;
  std::unordered_map<std::string, Var> vars;
  std::unordered_map<std::string, std::unique_ptr<Kernel>> kernels;
  std::vector<std::pair<void**, std::string>> managed_ptrs;
  bool load();
  Kernel* kernel(const std::string& name);
  bool address(const std::string& name, u64& a) const override;
};

struct Graph;
struct Event;
struct HostOp;  // hostop.h
struct Node {
  cudaGraphNodeType type = cudaGraphNodeTypeEmpty;
  Graph* graph = nullptr;
  u64 id = 0;
  bool enabled = true;
  std::vector<Node*> deps;
  Kernel* kernel = nullptr;
  Dim3 grid, block, cluster;
  size_t smem = 0;
  bool coop = false;
  std::vector<u8> params;
  std::vector<void*> param_ptrs;
  void* dst = nullptr;
  const void* src = nullptr;
  size_t dpitch = 0, spitch = 0, width = 0, height = 1, depth = 1, dslice = 0, sslice = 0;
  cudaMemcpyKind kind = cudaMemcpyDefault;
  cudaMemcpy3DParms copy3d{};
  cudaMemsetParams set{};
  cudaHostNodeParams host{};
  Event* event = nullptr;
  Graph* child = nullptr;
  std::shared_ptr<HostOp> op;  // a kernel node without a kernel: work of another library
  cudaError_t run();
};
struct Graph {
  std::vector<std::unique_ptr<Node>> nodes;
  u64 next_id = 1;
  std::vector<std::unique_ptr<Graph>> owned;  // child graphs
  Node* add(const Node& n, const std::vector<Node*>& deps);
  std::vector<Node*> order() const;  // topological, stable
};
struct GraphExec {
  std::unique_ptr<Graph> g;
  std::unordered_map<const Node*, Node*> of;
  u64 flags = 0;
};  // of: original -> copy

struct Stream {
  u64 id = 0;
  unsigned flags = 0;
  int priority = 0;
  cudaStreamCaptureStatus capture = cudaStreamCaptureStatusNone;
  Graph* graph = nullptr;
  bool origin = false;
  cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;  // of the origin's capture
  std::thread::id thread;                                    // that began it
  u64 capture_id = 0;
  std::vector<Node*> tail;  // what the next captured node depends on
};
struct Event {
  unsigned flags = 0;
  u64 when = 0;
  bool recorded = false;
  Graph* graph = nullptr;
  u64 capture_id = 0;
  std::vector<Node*> tail;
};

std::recursive_mutex& api_mutex();
cudaError_t enter();              // pending device error, if any
cudaError_t done(cudaError_t e);  // records e as the last error
void set_pending(cudaError_t e);
cudaError_t pending();

Stream* stream_of(cudaStream_t s);  // nullptr if invalid
Kernel* kernel_of(const void* f);   // host function, cudaFunction_t or cudaKernel_t
Var* var_of(const void* symbol);
void clone_graph(const Graph& from, Graph& to, std::unordered_map<const Node*, Node*>* map);
cudaError_t check_no_capture();               // for calls that CUDA prohibits during one: spoils it
cudaError_t submit(cudaStream_t s, Node& n);  // runs it now, or adds it to the graph being captured
cudaError_t launch(Kernel* k, dim3 g, dim3 b, void** args, size_t smem, cudaStream_t s, bool coop,
                   Dim3 cluster);
cudaError_t check_launch(const Node& n);
cudaError_t run_host_op(const std::shared_ptr<HostOp>& op);
bool range_ok(const void* p, size_t n,
              bool must_be_device);  // inside one allocation, or host memory vgpu does not know
int device_cc();                     // 90, 80, ...
struct DeviceInfo {
  int cc, sms;
  const char* name;
  size_t mem, smem_optin, smem_sm, l2;
  int blocks_sm, threads_sm, clock_khz, mem_khz, bus;
};
const DeviceInfo& device();
int blocks_per_sm(Kernel* k, int threads, size_t dyn);
void* pool_alloc(size_t n);

#define API_LOCK std::lock_guard<std::recursive_mutex> api_lock_(api_mutex())
#define API_ENTER \
  API_LOCK;       \
  if (cudaError_t e_ = enter()) return done(e_)
}  // namespace vgpu
