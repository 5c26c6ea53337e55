// CUDA graphs: recorded nodes, replayed in a topological order.
#include "tests/vgpu/src/runtime/graph.h"
namespace vgpu {
Node* Graph::add(const Node& n, const std::vector<Node*>& deps) {
  nodes.push_back(std::make_unique<Node>(n));
  Node* x = nodes.back().get();
  x->graph = this;
  x->id = next_id++;
  x->deps = deps;
  return x;
}
std::vector<Node*> Graph::order() const {
  std::vector<Node*> out;
  std::unordered_map<const Node*, int> st;
  auto visit = [&](auto& self, Node* n) -> void {
    if (st[n]) return;
    st[n] = 1;
    for (Node* d : n->deps) self(self, d);
    out.push_back(n);
  };
  for (auto& n : nodes) visit(visit, n.get());
  return out;
}
void clone_graph(const Graph& from, Graph& to, std::unordered_map<const Node*, Node*>* map) {
  std::unordered_map<const Node*, Node*> m;
  for (Node* n : from.order()) {
    std::vector<Node*> deps;
    for (Node* d : n->deps) deps.push_back(m.at(d));
    Node* c = to.add(*n, deps);
    if (c->child) {
      to.owned.push_back(std::make_unique<Graph>());
      clone_graph(*c->child, *to.owned.back(), nullptr);
      c->child = to.owned.back().get();
    }
    m[n] = c;
  }
  if (map) *map = std::move(m);
}
static void get_kernel(Node& n, cudaKernelNodeParams* p) {
  *p = {};
  p->func = n.kernel;
  p->gridDim = dim3(n.grid.x, n.grid.y, n.grid.z);
  p->blockDim = dim3(n.block.x, n.block.y, n.block.z);
  p->sharedMemBytes = (unsigned)n.smem;
  n.param_ptrs.clear();
  for (auto& v : n.kernel->decl()->params) n.param_ptrs.push_back(&n.params[v.offset]);
  p->kernelParams = n.param_ptrs.data();
}
static cudaError_t add(cudaGraphNode_t* out, cudaGraph_t g, const cudaGraphNode_t* deps, size_t nd,
                       const Node& n) {
  if (!g) return cudaErrorInvalidValue;
  std::vector<Node*> d;
  for (size_t i = 0; i < nd; i++) d.push_back((Node*)deps[i]);
  *out = (cudaGraphNode_t)((Graph*)g)->add(n, d);
  return cudaSuccess;
}
template <class T>
static cudaError_t list(const std::vector<T>& v, T* out, size_t* n) {
  if (!out) {
    *n = v.size();
    return cudaSuccess;
  }
  size_t k = std::min(*n, v.size());
  for (size_t i = 0; i < k; i++) out[i] = v[i];
  for (size_t i = k; i < *n; i++) out[i] = T{};
  *n = k;
  return cudaSuccess;
}
}  // namespace vgpu
using namespace vgpu;

VGPU_API cudaError_t cudaGraphCreate(cudaGraph_t* g, unsigned) {
  *g = (cudaGraph_t) new Graph;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGraphDestroy(cudaGraph_t g) {
  delete (Graph*)g;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGraphClone(cudaGraph_t* out, cudaGraph_t g) {
  API_ENTER;
  auto* c = new Graph;
  clone_graph(*(Graph*)g, *c, nullptr);
  *out = (cudaGraph_t)c;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGraphAddKernelNode(cudaGraphNode_t* o, cudaGraph_t g,
                                            const cudaGraphNode_t* d, size_t nd,
                                            const cudaKernelNodeParams* p) {
  API_ENTER;
  Node n;
  n.type = cudaGraphNodeTypeKernel;
  if (cudaError_t e = set_kernel(n, p)) return done(e);
  return done(add(o, g, d, nd, n));
}
VGPU_API cudaError_t cudaGraphKernelNodeGetParams(cudaGraphNode_t n, cudaKernelNodeParams* p) {
  API_ENTER;
  if (!N(n).kernel) return done(cudaErrorInvalidDeviceFunction);
  get_kernel(N(n), p);
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGraphKernelNodeSetParams(cudaGraphNode_t n,
                                                  const cudaKernelNodeParams* p) {
  API_ENTER;
  return done(set_kernel(N(n), p));
}
VGPU_API cudaError_t cudaGraphKernelNodeSetAttribute(cudaGraphNode_t n, cudaLaunchAttributeID a,
                                                     const cudaLaunchAttributeValue* v) {
  API_ENTER;
  if (a == cudaLaunchAttributeCooperative) N(n).coop = v->cooperative;
  if (a == cudaLaunchAttributeClusterDimension)
    N(n).cluster = {v->clusterDim.x, v->clusterDim.y, v->clusterDim.z};
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGraphAddMemcpyNode(cudaGraphNode_t* o, cudaGraph_t g,
                                            const cudaGraphNode_t* d, size_t nd,
                                            const cudaMemcpy3DParms* p) {
  API_ENTER;
  Node n;
  n.type = cudaGraphNodeTypeMemcpy;
  set_copy3d(n, p);
  return done(add(o, g, d, nd, n));
}
VGPU_API cudaError_t cudaGraphAddMemcpyNode1D(cudaGraphNode_t* o, cudaGraph_t g,
                                              const cudaGraphNode_t* d, size_t nd, void* dst,
                                              const void* src, size_t c, cudaMemcpyKind k) {
  API_ENTER;
  Node n;
  n.type = cudaGraphNodeTypeMemcpy;
  set_copy1d(n, dst, src, c, k);
  return done(add(o, g, d, nd, n));
}
VGPU_API cudaError_t cudaGraphMemcpyNodeSetParams1D(cudaGraphNode_t n, void* dst, const void* src,
                                                    size_t c, cudaMemcpyKind k) {
  API_ENTER;
  set_copy1d(N(n), dst, src, c, k);
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGraphMemcpyNodeGetParams(cudaGraphNode_t n, cudaMemcpy3DParms* p) {
  API_ENTER;
  Node& x = N(n);
  memset(p, 0, sizeof *p);
  if (x.copy3d.extent.width) {
    *p = x.copy3d;
    return cudaSuccess;
  }
  p->srcPtr = {(void*)x.src, x.spitch, x.width, x.height};
  p->dstPtr = {x.dst, x.dpitch, x.width, x.height};
  p->extent = {x.width, x.height, x.depth};
  p->kind = x.kind;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGraphMemcpyNodeSetParams(cudaGraphNode_t n, const cudaMemcpy3DParms* p) {
  API_ENTER;
  set_copy3d(N(n), p);
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGraphAddMemsetNode(cudaGraphNode_t* o, cudaGraph_t g,
                                            const cudaGraphNode_t* d, size_t nd,
                                            const cudaMemsetParams* p) {
  API_ENTER;
  Node n;
  n.type = cudaGraphNodeTypeMemset;
  n.set = *p;
  return done(add(o, g, d, nd, n));
}
VGPU_API cudaError_t cudaGraphMemsetNodeGetParams(cudaGraphNode_t n, cudaMemsetParams* p) {
  API_ENTER;
  *p = N(n).set;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGraphMemsetNodeSetParams(cudaGraphNode_t n, const cudaMemsetParams* p) {
  API_ENTER;
  N(n).set = *p;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGraphAddHostNode(cudaGraphNode_t* o, cudaGraph_t g,
                                          const cudaGraphNode_t* d, size_t nd,
                                          const cudaHostNodeParams* p) {
  API_ENTER;
  Node n;
  n.type = cudaGraphNodeTypeHost;
  n.host = *p;
  return done(add(o, g, d, nd, n));
}
VGPU_API cudaError_t cudaGraphHostNodeGetParams(cudaGraphNode_t n, cudaHostNodeParams* p) {
  API_ENTER;
  *p = N(n).host;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGraphHostNodeSetParams(cudaGraphNode_t n, const cudaHostNodeParams* p) {
  API_ENTER;
  N(n).host = *p;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGraphAddEmptyNode(cudaGraphNode_t* o, cudaGraph_t g,
                                           const cudaGraphNode_t* d, size_t nd) {
  API_ENTER;
  Node n;
  return done(add(o, g, d, nd, n));
}
VGPU_API cudaError_t cudaGraphAddEventRecordNode(cudaGraphNode_t* o, cudaGraph_t g,
                                                 const cudaGraphNode_t* d, size_t nd,
                                                 cudaEvent_t e) {
  API_ENTER;
  Node n;
  n.type = cudaGraphNodeTypeEventRecord;
  n.event = (Event*)e;
  return done(add(o, g, d, nd, n));
}
VGPU_API cudaError_t cudaGraphAddEventWaitNode(cudaGraphNode_t* o, cudaGraph_t g,
                                               const cudaGraphNode_t* d, size_t nd, cudaEvent_t e) {
  API_ENTER;
  Node n;
  n.type = cudaGraphNodeTypeWaitEvent;
  n.event = (Event*)e;
  return done(add(o, g, d, nd, n));
}
VGPU_API cudaError_t cudaGraphAddChildGraphNode(cudaGraphNode_t* o, cudaGraph_t g,
                                                const cudaGraphNode_t* d, size_t nd,
                                                cudaGraph_t child) {
  API_ENTER;
  Node n;
  n.type = cudaGraphNodeTypeGraph;
  auto& own = ((Graph*)g)->owned;
  own.push_back(std::make_unique<Graph>());
  clone_graph(*(Graph*)child, *own.back(), nullptr);
  n.child = own.back().get();
  return done(add(o, g, d, nd, n));
}
VGPU_API cudaError_t cudaGraphChildGraphNodeGetGraph(cudaGraphNode_t n, cudaGraph_t* g) {
  *g = (cudaGraph_t)N(n).child;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGraphAddNode(cudaGraphNode_t* o, cudaGraph_t g, const cudaGraphNode_t* d,
                                      const cudaGraphEdgeData*, size_t nd, cudaGraphNodeParams* p) {
  API_ENTER;
  Node n;
  n.type = p->type;
  switch (p->type) {
    case cudaGraphNodeTypeKernel: {
      cudaKernelNodeParams k{};
      k.func = p->kernel.func;
      k.gridDim = p->kernel.gridDim;
      k.blockDim = p->kernel.blockDim;
      k.sharedMemBytes = p->kernel.sharedMemBytes;
      k.kernelParams = p->kernel.kernelParams;
      k.extra = p->kernel.extra;
      if (cudaError_t e = set_kernel(n, &k)) return done(e);
      break;
    }
    case cudaGraphNodeTypeMemcpy:
      set_copy3d(n, &p->memcpy.copyParams);
      break;
    case cudaGraphNodeTypeMemset:
      n.set = {p->memset.dst,         p->memset.pitch, p->memset.value,
               p->memset.elementSize, p->memset.width, p->memset.height};
      break;
    case cudaGraphNodeTypeHost:
      n.host = {p->host.fn, p->host.userData};
      break;
    case cudaGraphNodeTypeEmpty:
      break;
    default:
      return done(cudaErrorNotSupported);
  }
  return done(add(o, g, d, nd, n));
}
VGPU_API cudaError_t cudaGraphAddDependencies(cudaGraph_t, const cudaGraphNode_t* from,
                                              const cudaGraphNode_t* to, const cudaGraphEdgeData*,
                                              size_t n) {
  API_ENTER;
  for (size_t i = 0; i < n; i++) N(to[i]).deps.push_back((Node*)from[i]);
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGraphRemoveDependencies(cudaGraph_t, const cudaGraphNode_t* from,
                                                 const cudaGraphNode_t* to,
                                                 const cudaGraphEdgeData*, size_t n) {
  API_ENTER;
  for (size_t i = 0; i < n; i++) std::erase(N(to[i]).deps, (Node*)from[i]);
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGraphDestroyNode(cudaGraphNode_t n) {
  API_ENTER;
  Graph* g = N(n).graph;
  for (auto& x : g->nodes) std::erase(x->deps, (Node*)n);
  std::erase_if(g->nodes, [&](auto& x) { return x.get() == (Node*)n; });
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGraphNodeGetType(cudaGraphNode_t n, cudaGraphNodeType* t) {
  *t = N(n).type;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGraphGetNodes(cudaGraph_t g, cudaGraphNode_t* out, size_t* n) {
  API_ENTER;
  std::vector<cudaGraphNode_t> v;
  for (auto& x : ((Graph*)g)->nodes) v.push_back((cudaGraphNode_t)x.get());
  return list(v, out, n);
}
VGPU_API cudaError_t cudaGraphGetRootNodes(cudaGraph_t g, cudaGraphNode_t* out, size_t* n) {
  API_ENTER;
  std::vector<cudaGraphNode_t> v;
  for (auto& x : ((Graph*)g)->nodes)
    if (x->deps.empty()) v.push_back((cudaGraphNode_t)x.get());
  return list(v, out, n);
}
VGPU_API cudaError_t cudaGraphNodeGetDependencies(cudaGraphNode_t nd, cudaGraphNode_t* out,
                                                  cudaGraphEdgeData*, size_t* n) {
  API_ENTER;
  std::vector<cudaGraphNode_t> v;
  for (auto* x : N(nd).deps) v.push_back((cudaGraphNode_t)x);
  return list(v, out, n);
}
VGPU_API cudaError_t cudaGraphNodeGetDependentNodes(cudaGraphNode_t nd, cudaGraphNode_t* out,
                                                    cudaGraphEdgeData*, size_t* n) {
  API_ENTER;
  std::vector<cudaGraphNode_t> v;
  for (auto& x : N(nd).graph->nodes)
    for (auto* d : x->deps)
      if (d == (Node*)nd) v.push_back((cudaGraphNode_t)x.get());
  return list(v, out, n);
}
VGPU_API cudaError_t cudaGraphGetEdges(cudaGraph_t g, cudaGraphNode_t* from, cudaGraphNode_t* to,
                                       cudaGraphEdgeData*, size_t* n) {
  API_ENTER;
  std::vector<cudaGraphNode_t> a, b;
  for (auto& x : ((Graph*)g)->nodes)
    for (auto* d : x->deps) {
      a.push_back((cudaGraphNode_t)d);
      b.push_back((cudaGraphNode_t)x.get());
    }
  size_t m = *n;
  list(a, from, &m);
  return list(b, to, n);
}
VGPU_API cudaError_t cudaGraphRetainUserObject(cudaGraph_t, cudaUserObject_t, unsigned, unsigned) {
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGraphDebugDotPrint(cudaGraph_t g, const char* path, unsigned) {
  FILE* f = fopen(path, "w");
  if (!f) return done(cudaErrorOperatingSystem);
  fprintf(f, "digraph g {\n");
  for (auto& n : ((Graph*)g)->nodes) {
    fprintf(f, "n%llu [label=\"%d %s\"];\n", (unsigned long long)n->id, (int)n->type,
            n->kernel ? n->kernel->name.c_str() : "");
    for (auto* d : n->deps)
      fprintf(f, "n%llu -> n%llu;\n", (unsigned long long)d->id, (unsigned long long)n->id);
  }
  fprintf(f, "}\n");
  fclose(f);
  return cudaSuccess;
}
