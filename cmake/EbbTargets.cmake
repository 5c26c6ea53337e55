# How every target of ebb is compiled: one instruction-set baseline, all warnings, optional sanitizers.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)

add_library(ebb_options INTERFACE)
target_include_directories(ebb_options INTERFACE ${PROJECT_SOURCE_DIR})
# Whether the .cu files are part of the libraries: kernels/common/device.h.
target_compile_definitions(ebb_options INTERFACE EBB_WITH_CUDA=$<BOOL:${EBB_WITH_CUDA}>)
# x86-64-v2 is the oldest machine supported: below it Highway has one lane. Faster instruction sets
# are chosen at run time (kernels/common/instruction_set.h), never by a flag.
# Optional operands are left out of designated initialisers on purpose, hence no warning about it;
# -Wrestrict is wrong about std::string concatenation in GCC 12 (its bug 105651). Without CUDA,
# `if constexpr` discards the calls of some functions, which Clang takes for unneeded. It also warns
# of what C++17 deprecated in the stable sorts of g++ 12's own library.
set(EBB_CXX_OPTIONS
  -march=x86-64-v2 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wno-missing-field-initializers
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict> "$<$<CXX_COMPILER_ID:Clang>:-Wno-unneeded-internal-declaration;-Wno-deprecated-declarations>"
  $<$<BOOL:${EBB_WARNINGS_AS_ERRORS}>:-Werror>)
target_compile_options(ebb_options INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:${EBB_CXX_OPTIONS}>")
if(EBB_WITH_CUDA)
  # --expt-relaxed-constexpr: device code calls the constexpr functions of the host (Philox, shapes).
  # FMT_USE_CONSTEXPR: fmt 9 takes nvcc for a compiler without constexpr.
  # -fopenmp: headers with parallel loops are to mean the same to every compiler.
  set(EBB_CUDA_OPTIONS
    --expt-relaxed-constexpr --extended-lambda -DFMT_USE_CONSTEXPR=1 -lineinfo
    -Xcompiler=-march=x86-64-v2,-fopenmp,-Wall,-Wextra,-Wno-missing-field-initializers
    $<$<BOOL:${EBB_WARNINGS_AS_ERRORS}>:-Werror=all-warnings>)
  target_compile_options(ebb_options INTERFACE "$<$<COMPILE_LANGUAGE:CUDA>:${EBB_CUDA_OPTIONS}>")
endif()
string(COMPARE NOTEQUAL "${EBB_SANITIZE}" "" EBB_SANITIZED)
if(EBB_SANITIZE)
  target_compile_options(ebb_options INTERFACE
    -fsanitize=${EBB_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(ebb_options INTERFACE -fsanitize=${EBB_SANITIZE})
endif()

if(EBB_CHECK_ITERATORS)
  # toml++ then is headers only: its library passes containers, which are laid out differently.
  set_property(TARGET tomlplusplus::tomlplusplus PROPERTY INTERFACE_COMPILE_OPTIONS "")
endif()

# ebb_compile_folders_as_one(NAME SOURCES...): most of a file's time goes into headers that its
# neighbours include too. What Highway compiles once per instruction set stays apart, as does what has
# flags of its own. Functions in unnamed namespaces need names of their own in the folder
# (tests/scripts/test_unnamed_namespaces.py), lest a neighbour's overload be taken without a word.
function(ebb_compile_folders_as_one name)
  if(NOT EBB_UNITY_BUILD)
    return()
  endif()
  foreach(source ${ARGN})
    get_filename_component(folder ${source} DIRECTORY)
    file(STRINGS ${source} vectors REGEX "hwy/foreach_target[.]h" LIMIT_COUNT 1)
    if(vectors)
      set_source_files_properties(${source} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    else()
      file(RELATIVE_PATH group ${PROJECT_SOURCE_DIR} ${folder})
      string(MAKE_C_IDENTIFIER "${group}" group)
      set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${group})
    endif()
  endforeach()
  set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  # g++ takes a file's own types for those of a header, of which it warns.
  target_compile_options(${name} PRIVATE
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-subobject-linkage>)
endfunction()

# ebb_add_library(NAME LINKS...): a static library of every .cpp file below the calling folder, and
# of every .cu file in a build with CUDA, so that adding an operation is adding its folder.
function(ebb_add_library name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS *.cpp)
  if(EBB_WITH_CUDA)
    file(GLOB_RECURSE cuda_sources CONFIGURE_DEPENDS *.cu)
    list(APPEND sources ${cuda_sources})
  endif()
  if(NOT sources)
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ebb_options ${ARGN})
    return()
  endif()
  add_library(${name} STATIC ${sources})
  ebb_compile_folders_as_one(${name} ${sources})
  target_link_libraries(${name} PUBLIC ebb_options ${ARGN})
endfunction()
