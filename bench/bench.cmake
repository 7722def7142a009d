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
endif()
