# Test programs on a CUDA device: this machine's GPU where nvidia-smi lists one, else the virtual GPU
# (vgpu/README.md), which runs the same binary. Included by tests/CMakeLists.txt.
set(EBB_TEST_GPU AUTO CACHE STRING "Run the CUDA tests on a GPU: ON, OFF (on the virtual GPU), or AUTO")
set_property(CACHE EBB_TEST_GPU PROPERTY STRINGS AUTO ON OFF)
if(EBB_TEST_GPU STREQUAL AUTO)
  set(test_gpu "${EBB_GPUS}")
else()
  set(test_gpu ${EBB_TEST_GPU})
endif()
find_program(COMPUTE_SANITIZER compute-sanitizer
  HINTS ${CUDAToolkit_BIN_DIR} PATHS /usr/local/cuda PATH_SUFFIXES bin compute-sanitizer)
mark_as_advanced(COMPUTE_SANITIZER)

set(cuda_environment ${EBB_TEST_ENVIRONMENT} EBB_TEST_DEVICE=cuda EBB_CUDA_SYNC=1)
# A filter that matches nothing is a mistake.
set(cuda_properties FAIL_REGULAR_EXPRESSION " 0 tests from 0 test suites" TIMEOUT 3600)

# Nothing links to the virtual GPU, so that a build of one test program lacks it.
add_test(NAME vgpu COMMAND ${CMAKE_COMMAND} --build ${PROJECT_BINARY_DIR} --target vgpu)
set_tests_properties(vgpu PROPERTIES LABELS vgpu FIXTURES_SETUP vgpu)

# ebb_add_cuda_test(NAME TARGET ARGUMENTS...): runs TARGET on a GPU as the ctest NAME; without a GPU
# on the virtual one as NAME_1 and NAME_2, with its checks of memory, barriers and races, under two
# random orders of warps and blocks: the first looks for races between warps, the second also for
# those between lanes of a warp.
function(ebb_add_cuda_test name target)
  if(test_gpu)
    add_test(NAME ${name} COMMAND ${target} ${ARGN})
    set_tests_properties(${name} PROPERTIES
      ENVIRONMENT "${cuda_environment}" LABELS gpu RESOURCE_LOCK gpu ${cuda_properties})
    return()
  endif()
  foreach(seed 1 2)
    add_test(NAME ${name}_${seed} COMMAND ${target} ${ARGN})
    set_tests_properties(${name}_${seed} PROPERTIES
      ENVIRONMENT "${cuda_environment};VGPU_RACE=${seed};VGPU_THREADS=1;VGPU_SCHED=random:${seed}"
      ENVIRONMENT_MODIFICATION "LD_LIBRARY_PATH=path_list_prepend:${PROJECT_BINARY_DIR}/vgpu/lib"
      LABELS vgpu FIXTURES_REQUIRED vgpu ${cuda_properties})
  endforeach()
endfunction()

# ebb_tell_cuda_test(NAME VARIABLE=VALUE): gives a test of the function above a variable more.
function(ebb_tell_cuda_test name variable)
  foreach(test ${name} ${name}_1 ${name}_2)
    if(TEST ${test})
      set_property(TEST ${test} APPEND PROPERTY ENVIRONMENT ${variable})
    endif()
  endforeach()
endfunction()

# ebb_sanitize_cuda_test(NAME TARGET ARGUMENTS...): on a GPU also runs TARGET under every tool of
# compute-sanitizer, as NAME_memcheck and so on. That takes long: for tests of small shapes.
function(ebb_sanitize_cuda_test name target)
  if(NOT test_gpu OR NOT COMPUTE_SANITIZER)
    return()
  endif()
  foreach(tool memcheck racecheck initcheck synccheck)
    add_test(NAME ${name}_${tool}
             COMMAND ${COMPUTE_SANITIZER} --tool ${tool} --error-exitcode 1 $<TARGET_FILE:${target}> ${ARGN})
    set_tests_properties(${name}_${tool} PROPERTIES
      ENVIRONMENT "${cuda_environment}" LABELS "gpu;sanitize" RESOURCE_LOCK gpu ${cuda_properties})
  endforeach()
endfunction()

# Of the kernels, and of what stands on them: tensors, every differentiable operation, training and
# prediction. The list is also that of scripts/gpu_check.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/cuda_tests.json)
file(READ ${CMAKE_CURRENT_LIST_DIR}/cuda_tests.json cuda_tests)
string(JSON count LENGTH "${cuda_tests}")
math(EXPR last "${count} - 1")
foreach(index RANGE ${last})
  foreach(member name program filter)
    string(JSON ${member} GET "${cuda_tests}" ${index} ${member})
  endforeach()
  # Captured work is work that nothing may wait for.
  string(JSON synchronous ERROR_VARIABLE unsaid GET "${cuda_tests}" ${index} synchronous)
  set(start ${program})
  if(NOT unsaid AND NOT synchronous)
    set(start ${CMAKE_COMMAND} -E env EBB_CUDA_SYNC=0 $<TARGET_FILE:${program}>)
  endif()
  ebb_add_cuda_test(${name} ${start} --gtest_brief=1 --gtest_filter=${filter})
  string(JSON sanitized ERROR_VARIABLE unmarked GET "${cuda_tests}" ${index} sanitized)
  if(NOT unmarked)
    ebb_sanitize_cuda_test(${name} ${program} --gtest_brief=1 --gtest_filter=${sanitized})
  endif()
endforeach()
ebb_add_cuda_test(cli_cuda ${Python3_EXECUTABLE} -B -m unittest discover
  --start-directory ${CMAKE_CURRENT_SOURCE_DIR}/cli --pattern test_cuda.py)
ebb_tell_cuda_test(cli_cuda EBB_PROGRAM=$<TARGET_FILE:ebb>)

if(NOT test_gpu)  # a GPU does not count
  add_test(NAME preprocessing_traffic COMMAND ${Python3_EXECUTABLE} -B
    ${CMAKE_CURRENT_SOURCE_DIR}/preprocessing/device_traffic.py $<TARGET_FILE:ebb_preprocessing_tests>)
  set_tests_properties(preprocessing_traffic PROPERTIES
    ENVIRONMENT "${EBB_TEST_ENVIRONMENT}"
    ENVIRONMENT_MODIFICATION "LD_LIBRARY_PATH=path_list_prepend:${PROJECT_BINARY_DIR}/vgpu/lib"
    LABELS vgpu FIXTURES_REQUIRED vgpu TIMEOUT 3600)
endif()

if(EBB_BUILD_BENCHMARKS)
  ebb_add_cuda_test(bench_cuda ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/cli/test_bench_kernels.py)
  ebb_tell_cuda_test(bench_cuda EBB_BENCH_KERNELS=$<TARGET_FILE:ebb_bench_kernels>)
endif()
