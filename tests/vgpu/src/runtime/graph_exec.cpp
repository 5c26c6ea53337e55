// Executable graphs: copies of graphs, whose nodes can be changed one by one.
#include "tests/vgpu/src/runtime/graph.h"
using namespace vgpu;

static Node* exec_node(cudaGraphExec_t e, cudaGraphNode_t n) {
  auto& m = ((GraphExec*)e)->of;
  auto it = m.find((Node*)n);
  return it == m.end() ? nullptr : it->second;
}
static GraphExec* instantiate(Graph* g, u64 flags) {
  auto* e = new GraphExec;
  e->g = std::make_unique<Graph>();
  e->flags = flags;
  clone_graph(*g, *e->g, &e->of);
  return e;
}
VGPU_API cudaError_t cudaGraphInstantiate(cudaGraphExec_t* e, cudaGraph_t g,
                                          unsigned long long flags) {
  API_ENTER;
  if (!g) return done(cudaErrorInvalidValue);
  *e = (cudaGraphExec_t)instantiate((Graph*)g, flags);
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t* e, cudaGraph_t g,
                                                   unsigned long long flags) {
  return cudaGraphInstantiate(e, g, flags);
}
VGPU_API cudaError_t cudaGraphInstantiateWithParams(cudaGraphExec_t* e, cudaGraph_t g,
                                                    cudaGraphInstantiateParams* p) {
  p->result_out = cudaGraphInstantiateSuccess;
  return cudaGraphInstantiate(e, g, p->flags);
}
VGPU_API cudaError_t cudaGraphExecGetFlags(cudaGraphExec_t e, unsigned long long* f) {
  *f = ((GraphExec*)e)->flags;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGraphExecDestroy(cudaGraphExec_t e) {
  API_ENTER;
  delete (GraphExec*)e;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGraphUpload(cudaGraphExec_t, cudaStream_t) { return cudaSuccess; }
VGPU_API cudaError_t cudaGraphLaunch(cudaGraphExec_t e, cudaStream_t s) {
  API_ENTER;
  Stream* st = stream_of(s);
  if (!st || !e) return done(cudaErrorInvalidValue);
  if (st->capture == cudaStreamCaptureStatusActive) {
    Node n;
    n.type = cudaGraphNodeTypeGraph;
    st->graph->owned.push_back(std::make_unique<Graph>());
    clone_graph(*((GraphExec*)e)->g, *st->graph->owned.back(), nullptr);
    n.child = st->graph->owned.back().get();
    return done(submit(s, n));
  }
  for (Node* n : ((GraphExec*)e)->g->order())
    if (n->enabled) {
      if (cudaError_t r = n->run()) return done(r);
      if (pending()) break;
    }
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGraphExecKernelNodeSetParams(cudaGraphExec_t e, cudaGraphNode_t n,
                                                      const cudaKernelNodeParams* p) {
  API_ENTER;
  Node* x = exec_node(e, n);
  return done(x ? set_kernel(*x, p) : cudaErrorInvalidValue);
}
VGPU_API cudaError_t cudaGraphExecMemcpyNodeSetParams1D(cudaGraphExec_t e, cudaGraphNode_t n,
                                                        void* d, const void* s, size_t c,
                                                        cudaMemcpyKind k) {
  API_ENTER;
  Node* x = exec_node(e, n);
  if (!x) return done(cudaErrorInvalidValue);
  set_copy1d(*x, d, s, c, k);
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGraphExecMemcpyNodeSetParams(cudaGraphExec_t e, cudaGraphNode_t n,
                                                      const cudaMemcpy3DParms* p) {
  API_ENTER;
  Node* x = exec_node(e, n);
  if (!x) return done(cudaErrorInvalidValue);
  set_copy3d(*x, p);
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGraphExecMemsetNodeSetParams(cudaGraphExec_t e, cudaGraphNode_t n,
                                                      const cudaMemsetParams* p) {
  API_ENTER;
  Node* x = exec_node(e, n);
  if (!x) return done(cudaErrorInvalidValue);
  x->set = *p;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGraphExecHostNodeSetParams(cudaGraphExec_t e, cudaGraphNode_t n,
                                                    const cudaHostNodeParams* p) {
  API_ENTER;
  Node* x = exec_node(e, n);
  if (!x) return done(cudaErrorInvalidValue);
  x->host = *p;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGraphNodeSetEnabled(cudaGraphExec_t e, cudaGraphNode_t n, unsigned on) {
  API_ENTER;
  Node* x = exec_node(e, n);
  if (!x) return done(cudaErrorInvalidValue);
  x->enabled = on;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGraphNodeGetEnabled(cudaGraphExec_t e, cudaGraphNode_t n, unsigned* on) {
  API_ENTER;
  Node* x = exec_node(e, n);
  if (!x) return done(cudaErrorInvalidValue);
  *on = x->enabled;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGraphExecUpdate(cudaGraphExec_t e, cudaGraph_t g,
                                         cudaGraphExecUpdateResultInfo* r) {
  API_ENTER;
  auto* ex = (GraphExec*)e;
  auto a = ex->g->order();
  auto b = ((Graph*)g)->order();
  bool same = a.size() == b.size();
  for (size_t i = 0; same && i < a.size(); i++)
    same = a[i]->type == b[i]->type && a[i]->deps.size() == b[i]->deps.size();
  if (r) {
    memset(r, 0, sizeof *r);
    r->result = same ? cudaGraphExecUpdateSuccess : cudaGraphExecUpdateErrorTopologyChanged;
  }
  if (!same) return done(cudaErrorGraphExecUpdateFailure);
  ex->g = std::make_unique<Graph>();
  ex->of.clear();
  clone_graph(*(Graph*)g, *ex->g, &ex->of);
  return cudaSuccess;
}
