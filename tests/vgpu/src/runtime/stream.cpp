// Streams, events, capture.
#include <set>

#include "tests/vgpu/src/runtime/internal.h"
namespace vgpu {
namespace {
Stream g_legacy, g_per_thread;
std::set<Stream*>& streams() {
  static auto* s = new std::set<Stream*>;
  return *s;
}
std::set<Event*>& events() {
  static auto* s = new std::set<Event*>;
  return *s;
}
u64 g_ids = 10, g_capture_ids = 0;
}  // namespace
Stream* stream_of(cudaStream_t s) {
  if (!s || s == cudaStreamLegacy) return &g_legacy;
  if (s == cudaStreamPerThread) return &g_per_thread;
  return streams().count((Stream*)s) ? (Stream*)s : nullptr;
}
static Event* event_of(cudaEvent_t e) { return events().count((Event*)e) ? (Event*)e : nullptr; }

static thread_local cudaStreamCaptureMode t_capture_mode = cudaStreamCaptureModeGlobal;
// Whether the stream's capture prohibits unsafe calls of this thread (cudaStreamCaptureMode).
static bool prohibits_unsafe_calls(const Stream* s) {
  if (!s->origin || s->capture != cudaStreamCaptureStatusActive) return false;
  if (s->mode == cudaStreamCaptureModeRelaxed) return false;
  if (s->thread == std::this_thread::get_id()) return true;
  return s->mode == cudaStreamCaptureModeGlobal && t_capture_mode == cudaStreamCaptureModeGlobal;
}
cudaError_t check_no_capture() {
  if (t_capture_mode == cudaStreamCaptureModeRelaxed) return cudaSuccess;
  cudaError_t status = cudaSuccess;
  for (const Stream* s : streams()) {
    if (!prohibits_unsafe_calls(s)) continue;
    for (Stream* joined : streams())
      if (joined->graph == s->graph) joined->capture = cudaStreamCaptureStatusInvalidated;
    status = cudaErrorStreamCaptureUnsupported;
  }
  return status;
}
}  // namespace vgpu
using namespace vgpu;
#define GET_STREAM(st, s)    \
  Stream* st = stream_of(s); \
  if (!st) return done(cudaErrorInvalidResourceHandle)

VGPU_API cudaError_t cudaStreamCreateWithPriority(cudaStream_t* s, unsigned flags, int prio) {
  API_ENTER;
  auto* st = new Stream;
  st->id = ++g_ids;
  st->flags = flags;
  st->priority = prio;
  streams().insert(st);
  *s = (cudaStream_t)st;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaStreamCreateWithFlags(cudaStream_t* s, unsigned flags) {
  return cudaStreamCreateWithPriority(s, flags, 0);
}
VGPU_API cudaError_t cudaStreamCreate(cudaStream_t* s) {
  return cudaStreamCreateWithPriority(s, 0, 0);
}
VGPU_API cudaError_t cudaStreamDestroy(cudaStream_t s) {
  API_ENTER;
  if (!streams().erase((Stream*)s)) return done(cudaErrorInvalidResourceHandle);
  delete (Stream*)s;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaStreamSynchronize(cudaStream_t s) {
  API_ENTER;
  GET_STREAM(st, s);
  if (st->capture == cudaStreamCaptureStatusActive) return done(cudaErrorStreamCaptureUnsupported);
  return cudaSuccess;
}
VGPU_API cudaError_t cudaStreamQuery(cudaStream_t s) {
  API_ENTER;
  GET_STREAM(st, s);
  if (st->capture == cudaStreamCaptureStatusActive) return done(cudaErrorStreamCaptureUnsupported);
  return cudaSuccess;
}
VGPU_API cudaError_t cudaStreamGetFlags(cudaStream_t s, unsigned* f) {
  API_ENTER;
  GET_STREAM(st, s);
  *f = st->flags;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaStreamGetPriority(cudaStream_t s, int* p) {
  API_ENTER;
  GET_STREAM(st, s);
  *p = st->priority;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaStreamGetId(cudaStream_t s, unsigned long long* id) {
  API_ENTER;
  GET_STREAM(st, s);
  *id = st->id;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaStreamGetDevice(cudaStream_t s, int* d) {
  API_ENTER;
  GET_STREAM(st, s);
  (void)st;
  *d = 0;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaStreamGetAttribute(cudaStream_t s, cudaStreamAttrID a,
                                            cudaStreamAttrValue* v) {
  API_ENTER;
  GET_STREAM(st, s);
  memset(v, 0, sizeof *v);
  if (a == cudaLaunchAttributePriority) v->priority = st->priority;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaStreamSetAttribute(cudaStream_t s, cudaStreamAttrID,
                                            const cudaStreamAttrValue*) {
  API_ENTER;
  GET_STREAM(st, s);
  (void)st;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaStreamCopyAttributes(cudaStream_t, cudaStream_t) { return cudaSuccess; }
VGPU_API cudaError_t cudaStreamAddCallback(cudaStream_t s, cudaStreamCallback_t cb, void* data,
                                           unsigned) {
  API_ENTER;
  GET_STREAM(st, s);
  (void)st;
  cb(s, cudaSuccess, data);
  return cudaSuccess;
}

VGPU_API cudaError_t cudaEventCreateWithFlags(cudaEvent_t* e, unsigned flags) {
  API_ENTER;
  auto* x = new Event;
  x->flags = flags;
  events().insert(x);
  *e = (cudaEvent_t)x;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaEventCreate(cudaEvent_t* e) { return cudaEventCreateWithFlags(e, 0); }
VGPU_API cudaError_t cudaEventDestroy(cudaEvent_t e) {
  API_ENTER;
  if (!events().erase((Event*)e)) return done(cudaErrorInvalidResourceHandle);
  delete (Event*)e;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaEventRecordWithFlags(cudaEvent_t e, cudaStream_t s, unsigned flags) {
  API_ENTER;
  Event* ev = event_of(e);
  GET_STREAM(st, s);
  if (!ev) return done(cudaErrorInvalidResourceHandle);
  if (st->capture == cudaStreamCaptureStatusActive) {
    if (flags & cudaEventRecordExternal) {
      Node n;
      n.type = cudaGraphNodeTypeEventRecord;
      n.event = ev;
      return done(submit(s, n));
    }
    ev->graph = st->graph;
    ev->capture_id = st->capture_id;
    ev->tail = st->tail;
    return cudaSuccess;
  }
  ev->graph = nullptr;
  ev->when = now_ns();
  ev->recorded = true;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaEventRecord(cudaEvent_t e, cudaStream_t s) {
  return cudaEventRecordWithFlags(e, s, 0);
}
VGPU_API cudaError_t cudaEventSynchronize(cudaEvent_t e) {
  API_ENTER;
  return done(event_of(e) ? cudaSuccess : cudaErrorInvalidResourceHandle);
}
VGPU_API cudaError_t cudaEventQuery(cudaEvent_t e) {
  API_ENTER;
  return done(event_of(e) ? cudaSuccess : cudaErrorInvalidResourceHandle);
}
VGPU_API cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t a, cudaEvent_t b) {
  API_ENTER;
  Event *x = event_of(a), *y = event_of(b);
  if (!x || !y || !x->recorded || !y->recorded || ((x->flags | y->flags) & cudaEventDisableTiming))
    return done(cudaErrorInvalidResourceHandle);
  *ms = (float)((double)(s64)(y->when - x->when) * 1e-6);
  return cudaSuccess;
}
VGPU_API cudaError_t cudaStreamWaitEvent(cudaStream_t s, cudaEvent_t e, unsigned) {
  API_ENTER;
  Event* ev = event_of(e);
  GET_STREAM(st, s);
  if (!ev) return done(cudaErrorInvalidResourceHandle);
  if (ev->graph) {
    if (st->capture != cudaStreamCaptureStatusActive) {
      st->capture = cudaStreamCaptureStatusActive;
      st->graph = ev->graph;
      st->capture_id = ev->capture_id;
      st->tail = ev->tail;
      st->origin = false;
    } else
      for (Node* n : ev->tail) {
        bool have = false;
        for (Node* t : st->tail) have |= t == n;
        if (!have) st->tail.push_back(n);
      }
  }
  return cudaSuccess;
}

VGPU_API cudaError_t cudaStreamBeginCapture(cudaStream_t s, cudaStreamCaptureMode mode) {
  API_ENTER;
  GET_STREAM(st, s);
  if (st == &g_legacy) return done(cudaErrorStreamCaptureUnsupported);
  if (st->capture != cudaStreamCaptureStatusNone) return done(cudaErrorIllegalState);
  st->capture = cudaStreamCaptureStatusActive;
  st->graph = new Graph;
  st->origin = true;
  st->mode = mode;
  st->thread = std::this_thread::get_id();
  st->capture_id = ++g_capture_ids;
  st->tail.clear();
  return cudaSuccess;
}
VGPU_API cudaError_t cudaStreamBeginCaptureToGraph(cudaStream_t s, cudaGraph_t g,
                                                   const cudaGraphNode_t* deps,
                                                   const cudaGraphEdgeData*, size_t n,
                                                   cudaStreamCaptureMode mode) {
  API_ENTER;
  GET_STREAM(st, s);
  if (st == &g_legacy) return done(cudaErrorStreamCaptureUnsupported);
  st->capture = cudaStreamCaptureStatusActive;
  st->graph = (Graph*)g;
  st->origin = true;
  st->mode = mode;
  st->thread = std::this_thread::get_id();
  st->capture_id = ++g_capture_ids;
  st->tail.assign((Node**)deps, (Node**)deps + n);
  return cudaSuccess;
}
VGPU_API cudaError_t cudaStreamEndCapture(cudaStream_t s, cudaGraph_t* g) {
  API_ENTER;
  GET_STREAM(st, s);
  if (st->capture == cudaStreamCaptureStatusNone) return done(cudaErrorIllegalState);
  if (!st->origin) return done(cudaErrorStreamCaptureUnmatched);
  const bool spoiled = st->capture == cudaStreamCaptureStatusInvalidated;
  Graph* gr = st->graph;
  for (Stream* o : streams())
    if (o != st && o->graph == gr) {
      o->capture = cudaStreamCaptureStatusNone;
      o->graph = nullptr;
      o->tail.clear();
    }
  for (Event* e : events())
    if (e->graph == gr) e->graph = nullptr;
  st->capture = cudaStreamCaptureStatusNone;
  st->graph = nullptr;
  st->tail.clear();
  *g = spoiled ? nullptr : (cudaGraph_t)gr;
  return done(spoiled ? cudaErrorStreamCaptureInvalidated : cudaSuccess);
}
VGPU_API cudaError_t cudaStreamIsCapturing(cudaStream_t s, cudaStreamCaptureStatus* c) {
  API_ENTER;
  GET_STREAM(st, s);
  *c = st->capture;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaStreamGetCaptureInfo(cudaStream_t s, cudaStreamCaptureStatus* c,
                                              unsigned long long* id, cudaGraph_t* g,
                                              const cudaGraphNode_t** deps,
                                              const cudaGraphEdgeData** ed, size_t* n) {
  API_ENTER;
  GET_STREAM(st, s);
  *c = st->capture;
  if (st->capture == cudaStreamCaptureStatusActive) {
    if (id) *id = st->capture_id;
    if (g) *g = (cudaGraph_t)st->graph;
    if (deps) *deps = (const cudaGraphNode_t*)st->tail.data();
    if (ed) *ed = nullptr;
    if (n) *n = st->tail.size();
  }
  return cudaSuccess;
}
VGPU_API cudaError_t cudaStreamUpdateCaptureDependencies(cudaStream_t s, cudaGraphNode_t* deps,
                                                         const cudaGraphEdgeData*, size_t n,
                                                         unsigned flags) {
  API_ENTER;
  GET_STREAM(st, s);
  if (flags & cudaStreamSetCaptureDependencies) st->tail.clear();
  for (size_t i = 0; i < n; i++) st->tail.push_back((Node*)deps[i]);
  return cudaSuccess;
}
VGPU_API cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* m) {
  std::swap(t_capture_mode, *m);
  return cudaSuccess;
}
