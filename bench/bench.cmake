# One Google Benchmark program per bench/micro/<name>_bench.cc: bench_<name>. Build them with the release preset; figures
# of a sanitizer build mean nothing.
find_package(benchmark)
if(benchmark_FOUND)
  file(GLOB bench_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bench/micro/*_bench.cc)
  foreach(source ${bench_sources})
    get_filename_component(name ${source} NAME_WE)
    string(REGEX REPLACE "_bench$" "" name ${name})
    add_executable(bench_${name} ${source})
    target_link_libraries(bench_${name} PRIVATE eir_router eir_client benchmark::benchmark)
  endforeach()
  target_link_libraries(bench_store PRIVATE eir_store)
endif()

# The load harness; see bench/README.md.
eir_folder(eir_bench bench eir_client eir_media_worker eir_api yaml-cpp)
add_executable(eir-bench bench/main.cc)
target_link_libraries(eir-bench PRIVATE eir_bench)
eir_tests(unit_bench tests/unit/bench eir_bench)
