# EBB_VGPU_ARCH: which processor the virtual GPU is compiled for: an x86-64 level and, after it,
# further features by the names of GCC's options. The default is the best that this machine runs.
# It is never -march=native: that means another thing on another machine, while a compiler cache
# or a build folder may move.
if(NOT DEFINED EBB_VGPU_ARCH)
  try_run(ran compiled
    ${CMAKE_CURRENT_BINARY_DIR}/instruction_set ${CMAKE_CURRENT_LIST_DIR}/instruction_set.cpp
    RUN_OUTPUT_VARIABLE best)
  if(NOT compiled OR NOT ran EQUAL 0)
    set(best x86-64-v2)
  endif()
  set(EBB_VGPU_ARCH "${best}" CACHE STRING
    "What the virtual GPU is compiled for: x86-64-v2, x86-64-v3 or x86-64-v4;FEATURE;...")
  message(STATUS "Virtual GPU: compiled for ${EBB_VGPU_ARCH}")
endif()

set(vgpu_instruction_set)
set(required_features)
foreach(feature ${EBB_VGPU_ARCH})
  if(feature MATCHES "^x86-64-v[234]$" AND NOT vgpu_instruction_set)
    list(APPEND vgpu_instruction_set -march=${feature})
  elseif(feature MATCHES "^[a-z0-9]+$" AND vgpu_instruction_set)
    list(APPEND vgpu_instruction_set -m${feature})
  else()
    message(FATAL_ERROR "EBB_VGPU_ARCH is \"${EBB_VGPU_ARCH}\", expected x86-64-v2, x86-64-v3 or "
      "x86-64-v4, and after it features such as avx512vbmi, separated by semicolons")
  endif()
  string(APPEND required_features "REQUIRE(\"${feature}\")\n")
endforeach()
if(EBB_VGPU_ARCH MATCHES "x86-64-v4")
  list(APPEND vgpu_instruction_set -mprefer-vector-width=512)
endif()
file(CONFIGURE OUTPUT required_features.inc CONTENT "${required_features}" @ONLY)
