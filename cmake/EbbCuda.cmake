# Finds a CUDA compiler and decides what it compiles for; sets EBB_WITH_CUDA.
#
#   EBB_CUDA                  AUTO (with CUDA where nvcc is found), ON (an error without nvcc), OFF
#   CMAKE_CUDA_COMPILER       nvcc; else it is looked for in PATH, in the folder that `scripts/setup
#                             --cuda` fills, and in the toolkit's own
#   CMAKE_CUDA_ARCHITECTURES  default: those of the machine's GPUs, else 80 and 90
#
# PTX is always kept in the binary and the runtime is always the shared one, so that every program
# also runs on the virtual GPU (tests/vgpu).
set(EBB_CUDA AUTO CACHE STRING "Build the CUDA kernels: AUTO, ON or OFF")
set_property(CACHE EBB_CUDA PROPERTY STRINGS AUTO ON OFF)
set(EBB_WITH_CUDA FALSE)

# ebb_default_cuda_architectures(RESULT): the architectures of this machine's GPUs. CMake 3.25's own
# `native` is an error where there is none.
function(ebb_default_cuda_architectures result)
  find_program(NVIDIA_SMI nvidia-smi)
  mark_as_advanced(NVIDIA_SMI)
  set(found "")
  if(NVIDIA_SMI)
    execute_process(COMMAND ${NVIDIA_SMI} --query-gpu=compute_cap --format=csv,noheader
                    OUTPUT_VARIABLE capabilities ERROR_QUIET)
    string(REGEX MATCHALL "[0-9]+[.][0-9]" found "${capabilities}")
    string(REPLACE "." "" found "${found}")
    list(REMOVE_DUPLICATES found)
  endif()
  if(NOT found)
    set(found 80 90)
  endif()
  set(${result} "${found}" PARENT_SCOPE)
endfunction()

if(NOT EBB_CUDA STREQUAL OFF)
  find_program(EBB_NVCC nvcc HINTS ENV CUDACXX PATHS
    ${PROJECT_SOURCE_DIR}/.cuda/bin ENV CUDA_HOME ENV CUDA_PATH /usr/local/cuda PATH_SUFFIXES bin)
  mark_as_advanced(EBB_NVCC)
  if(NOT CMAKE_CUDA_COMPILER AND EBB_NVCC)
    set(CMAKE_CUDA_COMPILER ${EBB_NVCC} CACHE FILEPATH "The CUDA compiler")
  endif()
  if(CMAKE_CUDA_COMPILER)
    if(NOT CMAKE_CUDA_ARCHITECTURES)
      ebb_default_cuda_architectures(architectures)
      set(CMAKE_CUDA_ARCHITECTURES "${architectures}" CACHE STRING "GPU architectures to compile for")
    endif()
    enable_language(CUDA)
    find_package(CUDAToolkit REQUIRED)
    set(EBB_WITH_CUDA TRUE)
    if(NOT DEFINED CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake 3.25 does not know nvcc's C++20
      set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
      set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
    endif()
  elseif(EBB_CUDA STREQUAL ON)
    message(FATAL_ERROR "EBB_CUDA is ON, but there is no nvcc: run scripts/setup --cuda, or set "
                        "CMAKE_CUDA_COMPILER to the nvcc of a CUDA 13 toolkit")
  endif()
endif()

set(CMAKE_CUDA_STANDARD 20)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
set(CMAKE_CUDA_EXTENSIONS OFF)
set(CMAKE_CUDA_RUNTIME_LIBRARY Shared)
message(STATUS "CUDA: ${EBB_WITH_CUDA} ${CMAKE_CUDA_COMPILER} ${CMAKE_CUDA_ARCHITECTURES}")
