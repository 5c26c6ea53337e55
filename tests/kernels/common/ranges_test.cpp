// What a profiler is told of operations: one that is part of the program stands for Nsight Systems.
#include "kernels/common/ranges.h"

#if EBB_WITH_CUDA

#include <cstdlib>
#include <nvtx3/nvToolsExt.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/kernels/support/operand_memory.h"

namespace {

struct Seen {
  std::vector<std::string> names;  // in the order in which ranges began
  int open = 0;
};

Seen& seen() {
  static Seen seen;
  return seen;
}

int begin_range(const char* name) {
  seen().names.emplace_back(name);
  return seen().open++;
}

int end_range() { return --seen().open; }

/// Called by NVTX at the first range. 1: the tool is there.
int attach_tool(NvtxGetExportTableFunc_t table_of) {
  const auto* callbacks =
      static_cast<const NvtxExportTableCallbacks*>(table_of(NVTX_ETID_CALLBACKS));
  NvtxFunctionTable functions = nullptr;
  unsigned int size = 0;
  if (callbacks->GetModuleFunctionTable(NVTX_CB_MODULE_CORE, &functions, &size) == 0) return 0;
  *functions[NVTX_CBID_CORE_RangePushA] = reinterpret_cast<NvtxFunctionPointer>(begin_range);
  *functions[NVTX_CBID_CORE_RangePop] = reinterpret_cast<NvtxFunctionPointer>(end_range);
  return 1;
}

// NVTX looks here for a tool that is linked, not loaded; before main(), since it looks once.
[[maybe_unused]] const auto kTool = InitializeInjectionNvtx2_fnptr = attach_tool;

}  // namespace

namespace ebb {
namespace {

class RangesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    // A tool that is loaded, such as compute-sanitizer, comes before the one that is linked.
    if (std::getenv("NVTX_INJECTION64_PATH") != nullptr) GTEST_SKIP() << "another tool listens";
    seen() = {};
  }
};

TEST_F(RangesTest, EveryOperationOfAGpuHasOne) {
  Context context(ebb::testing::test_device(), 1);
  for (const auto& operation : ebb::testing::every_operation(2, 8, DType::f32)) {
    SCOPED_TRACE(operation.name);
    const ebb::testing::Operands operands(operation);
    seen() = {};
    operation.run(context, operands.views());
    context.synchronize();
    EXPECT_EQ(seen().open, 0);
    if (context.device().is_cuda()) {
      ASSERT_FALSE(seen().names.empty());
      EXPECT_EQ(seen().names.front(), operation.name);
    } else {
      EXPECT_TRUE(seen().names.empty());
    }
  }
}

TEST_F(RangesTest, LieInOneAnother) {
  const Device gpu{.kind = DeviceKind::cuda};
  {
    const NamedRange outer(gpu, "outer");
    const NamedRange inner(gpu, "inner");
    EXPECT_EQ(seen().open, 2);
  }
  EXPECT_EQ(seen().open, 0);
  EXPECT_EQ(seen().names, (std::vector<std::string>{"outer", "inner"}));
}

}  // namespace
}  // namespace ebb

#endif  // EBB_WITH_CUDA
