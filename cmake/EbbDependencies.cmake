# Every library that ebb uses, by the name of its Debian package (README.md gives the reason for each).
if(NOT EBB_FUZZ)  # the fuzzers are serial
  find_package(OpenMP REQUIRED COMPONENTS CXX)   # g++
endif()
find_package(dnnl REQUIRED)                      # libdnnl-dev
find_package(fmt REQUIRED)                       # libfmt-dev
find_package(nlohmann_json REQUIRED)             # nlohmann-json3-dev
find_package(tomlplusplus REQUIRED)              # libtomlplusplus-dev, its headers alone
find_package(CLI11 REQUIRED)                     # libcli11-dev
find_package(ZLIB REQUIRED)                      # zlib1g-dev
find_package(LibLZMA REQUIRED)                   # liblzma-dev
find_package(Eigen3 REQUIRED NO_MODULE)          # libeigen3-dev
find_path(BOOST_SOBOL_INCLUDE boost/random/sobol.hpp REQUIRED)  # libboost-dev
find_path(FAST_FLOAT_INCLUDE fast_float/fast_float.h REQUIRED)  # libfast-float-dev

find_package(PkgConfig REQUIRED)                 # pkg-config
pkg_check_modules(HWY REQUIRED IMPORTED_TARGET libhwy)          # libhwy-dev
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)    # libxxhash-dev
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)  # libutf8proc-dev
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)       # libzstd-dev
pkg_check_modules(NLOPT REQUIRED IMPORTED_TARGET nlopt_cxx)    # libnlopt-cxx-dev
# Its only option, a definition for Windows, would be given to all that links ebb.
set_property(TARGET PkgConfig::UTF8PROC PROPERTY INTERFACE_COMPILE_OPTIONS "")
