# SPDX-License-Identifier: AGPL-3.0-or-later
# What every target shares: warnings as errors, hardening, sanitizers; and the two ways to add code.

add_library(pulse7_flags INTERFACE)
target_compile_options(pulse7_flags INTERFACE
  -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith
  -Wcast-qual -Wwrite-strings -Wvla -Wundef -Wformat=2 -Wparentheses -Wimplicit-fallthrough
  -fno-strict-aliasing -fno-common -fstack-protector-strong)
# Asserts guard our own mistakes and stay on in a release: never -DNDEBUG.
target_compile_definitions(pulse7_flags INTERFACE _GNU_SOURCE PULSE7_VERSION="${PROJECT_VERSION}")
target_include_directories(pulse7_flags INTERFACE ${PROJECT_SOURCE_DIR})
string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELEASE "${CMAKE_C_FLAGS_RELEASE}")
string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELWITHDEBINFO "${CMAKE_C_FLAGS_RELWITHDEBINFO}")
if(PULSE7_SANITIZE)
  target_compile_options(pulse7_flags INTERFACE
    -fsanitize=${PULSE7_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(pulse7_flags INTERFACE -fsanitize=${PULSE7_SANITIZE})
endif()
if(PULSE7_FUZZ)
  target_compile_options(pulse7_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# A layer: every .c file of the current folder, as a static library that may use the layers named.
#   pulse7_layer(sigtran_codec DEPENDS sigtran_base)
function(pulse7_layer name)
  cmake_parse_arguments(LAYER "" "" "DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.c)
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC pulse7_flags ${LAYER_DEPENDS})
endfunction()

# The unit tests of a folder: one executable per test_*.c, named after its path and labelled quick.
#   pulse7_unit_tests(sigtran_codec)      in tests/unit/sigtran/codec
function(pulse7_unit_tests)
  cmake_parse_arguments(UNIT "" "" "DEPENDS" ${ARGN})
  file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR}/tests ${CMAKE_CURRENT_SOURCE_DIR})
  string(REPLACE "/" "_" prefix ${folder})
  file(GLOB sources CONFIGURE_DEPENDS test_*.c)
  foreach(source ${sources})
    get_filename_component(base ${source} NAME_WE)
    string(REGEX REPLACE "^test_" "" base ${base})
    set(target ${prefix}_${base})
    add_executable(${target} ${source})
    target_link_libraries(${target} PRIVATE pulse7_flags ${UNIT_DEPENDS} PkgConfig::CUNIT)
    add_test(NAME ${target} COMMAND ${target} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(${target} PROPERTIES LABELS quick TIMEOUT 60)
  endforeach()
endfunction()
