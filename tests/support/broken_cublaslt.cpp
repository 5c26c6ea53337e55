// A libcublasLt.so.13 that loads and cannot start, as one made for other drivers does.
extern "C" {

int cublasLtCreate(void**) { return 1; }
const char* cublasLtGetStatusName(int) { return "BROKEN"; }

#define EBB_NEVER_CALLED(name) \
  int name() { return 1; }
EBB_NEVER_CALLED(cublasLtDestroy)
EBB_NEVER_CALLED(cublasLtMatmulDescCreate)
EBB_NEVER_CALLED(cublasLtMatmulDescDestroy)
EBB_NEVER_CALLED(cublasLtMatmulDescSetAttribute)
EBB_NEVER_CALLED(cublasLtMatrixLayoutCreate)
EBB_NEVER_CALLED(cublasLtMatrixLayoutDestroy)
EBB_NEVER_CALLED(cublasLtMatrixLayoutSetAttribute)
EBB_NEVER_CALLED(cublasLtMatmulPreferenceCreate)
EBB_NEVER_CALLED(cublasLtMatmulPreferenceDestroy)
EBB_NEVER_CALLED(cublasLtMatmulPreferenceSetAttribute)
EBB_NEVER_CALLED(cublasLtMatmulAlgoGetHeuristic)
EBB_NEVER_CALLED(cublasLtMatmul)
#undef EBB_NEVER_CALLED
}
