# Finds a CUDA compiler and decides what it compiles for; sets EBB_WITH_CUDA and EBB_GPUS.
#
#   EBB_CUDA                  AUTO (with CUDA where nvcc is found), ON (an error without nvcc), OFF
#   CMAKE_CUDA_COMPILER       nvcc; else the first of version 13.0 or newer is taken of: CUDACXX, the
#                             folder that `scripts/setup --cuda` fills, PATH, the toolkit's own folders
#                             (the same order as find_nvcc of scripts/common.sh)
#   CMAKE_CUDA_ARCHITECTURES  default: those of the machine's GPUs, else 80 and 90
#
# PTX is always kept in the binary and the runtime is always the shared one, so that every program
# also runs on the virtual GPU (tests/vgpu).
set(EBB_CUDA AUTO CACHE STRING "Build the CUDA kernels: AUTO, ON or OFF")
set_property(CACHE EBB_CUDA PROPERTY STRINGS AUTO ON OFF)
set(EBB_WITH_CUDA FALSE)
set(EBB_GPUS "")  # the architectures of those that this machine has

# ebb_find_gpus(RESULT): the architectures of this machine's GPUs, empty without one. CMake 3.25's own
# `native` is an error where there is none.
function(ebb_find_gpus result)
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
  set(${result} "${found}" PARENT_SCOPE)
endfunction()

# ebb_is_new_nvcc(RESULT NVCC): a validator of find_program.
function(ebb_is_new_nvcc result nvcc)
  execute_process(COMMAND ${nvcc} --version OUTPUT_VARIABLE version ERROR_QUIET)
  if(NOT version MATCHES "release ([0-9]+)[.]" OR CMAKE_MATCH_1 LESS 13)
    set(${result} FALSE PARENT_SCOPE)
  endif()
endfunction()

if(NOT EBB_CUDA STREQUAL OFF)
  find_program(EBB_NVCC NAMES $ENV{CUDACXX} nvcc
    HINTS ${PROJECT_SOURCE_DIR}/.cuda/bin
    PATHS ENV CUDA_HOME ENV CUDA_PATH /usr/local/cuda PATH_SUFFIXES bin
    VALIDATOR ebb_is_new_nvcc)
  mark_as_advanced(EBB_NVCC)
  if(NOT CMAKE_CUDA_COMPILER AND EBB_NVCC)
    set(CMAKE_CUDA_COMPILER ${EBB_NVCC} CACHE FILEPATH "The CUDA compiler")
  endif()
  if(CMAKE_CUDA_COMPILER)
    ebb_find_gpus(EBB_GPUS)
    if(NOT CMAKE_CUDA_ARCHITECTURES)
      set(architectures ${EBB_GPUS})
      if(NOT architectures)
        set(architectures 80 90)
      endif()
      set(CMAKE_CUDA_ARCHITECTURES "${architectures}" CACHE STRING "GPU architectures to compile for")
    endif()
    enable_language(CUDA)
    # CMake 3.25 names this target, whose library CUDA 13 no longer has, without asking if it is there.
    if(NOT TARGET CUDA::nvToolsExt)
      add_library(CUDA::nvToolsExt INTERFACE IMPORTED)
    endif()
    find_package(CUDAToolkit REQUIRED)
    set(EBB_WITH_CUDA TRUE)
    if(NOT DEFINED CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake 3.25 does not know nvcc's C++20
      set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
      set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
    endif()
  elseif(EBB_CUDA STREQUAL ON)
    message(FATAL_ERROR "EBB_CUDA is ON, but there is no nvcc of CUDA 13: run scripts/setup --cuda, or set "
                        "CMAKE_CUDA_COMPILER to the nvcc of a CUDA 13 toolkit")
  endif()
endif()

set(CMAKE_CUDA_STANDARD 20)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
set(CMAKE_CUDA_EXTENSIONS OFF)
# Targets link CUDA::cudart, the shared runtime, by its path: CMake's own way looks for it in folders that
# it reads off nvcc's output, wrongly where their path has blanks.
set(CMAKE_CUDA_RUNTIME_LIBRARY None)
message(STATUS "CUDA: ${EBB_WITH_CUDA} ${CMAKE_CUDA_COMPILER} ${CMAKE_CUDA_ARCHITECTURES}")
