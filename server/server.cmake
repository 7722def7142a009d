# The IO shell. An include goes down only: lib → config → telemetry → channel → media, workers, supervisor, store →
# consultation → api → main.
find_package(yaml-cpp REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)

# clang 14 cannot assemble a coroutine with this one check of UBSan ("difference across sections").
if(EIR_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options(-fno-sanitize=function)
endif()

eir_folder(eir_config server/config eir_base yaml-cpp)
eir_folder(eir_telemetry server/telemetry eir_config spdlog::spdlog fmt::fmt prometheus-cpp::core OpenSSL::Crypto)
eir_folder(eir_channel server/channel eir_telemetry eir_rtp Boost::json Threads::Threads)
eir_folder(eir_media_worker server/media eir_router eir_channel PkgConfig::SECCOMP)
eir_folder(eir_workers server/workers eir_channel)
eir_folder(eir_supervisor server/supervisor eir_channel PkgConfig::SYSTEMD)
eir_folder(eir_store server/store eir_channel PkgConfig::SQLITE)
eir_folder(eir_consultation server/consultation eir_store eir_workers OpenSSL::Crypto)
# The templates that come with Eir are text in the program; a change of the file runs this again.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/config/templates.yaml)
file(READ ${CMAKE_SOURCE_DIR}/config/templates.yaml EIR_TEMPLATES_YAML)
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/built_in_templates.cc @ONLY CONTENT
[[#include "server/consultation/built_in_templates.h"
constinit const std::string_view eir::kBuiltInTemplates = R"yaml(@EIR_TEMPLATES_YAML@)yaml";
]])
target_sources(eir_consultation PRIVATE ${CMAKE_BINARY_DIR}/built_in_templates.cc)
# The API's description is text in the program too, without its line breaks and indentation.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/server/api/openapi.json)
file(READ ${CMAKE_SOURCE_DIR}/server/api/openapi.json EIR_OPENAPI_JSON)
string(REGEX REPLACE "\n *" "" EIR_OPENAPI_JSON "${EIR_OPENAPI_JSON}")
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/openapi.cc @ONLY CONTENT
[[#include "server/api/openapi.h"
constinit const std::string_view eir::kOpenApi = R"json(@EIR_OPENAPI_JSON@)json";
]])
eir_folder(eir_api server/api eir_consultation Boost::url OpenSSL::SSL OpenSSL::Crypto ZLIB::ZLIB)
target_sources(eir_api PRIVATE ${CMAKE_BINARY_DIR}/openapi.cc)
# Longer than the 64 kB that the standard asks compilers for; ours take it.
set_source_files_properties(${CMAKE_BINARY_DIR}/openapi.cc PROPERTIES COMPILE_OPTIONS -Wno-overlength-strings)
# g++ 12 sees Asio's aligned_new() inlined into a coroutine's frame, its delete not, and takes them for strangers.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(eir_api PRIVATE -Wno-mismatched-new-delete)
endif()
# Beast's templates take minutes under optimisation and sanitizers together.
if(EIR_SANITIZE)
  set_source_files_properties(server/api/http_connection.cc server/api/websocket_connection.cc PROPERTIES COMPILE_OPTIONS -O0)
endif()
# Where an eird that was not installed finds the web client.
set_source_files_properties(server/api/static_files.cc PROPERTIES COMPILE_DEFINITIONS EIR_WEB_DIR="${CMAKE_SOURCE_DIR}/server/web")

set_source_files_properties(server/api/ops.cc PROPERTIES COMPILE_DEFINITIONS EIR_VERSION="${PROJECT_VERSION}")

if(EXISTS ${CMAKE_SOURCE_DIR}/server/main.cc)
  add_executable(eird server/main.cc)
  target_link_libraries(eird PRIVATE eir_supervisor eir_media_worker eir_api)
  target_compile_definitions(eird PRIVATE EIR_VERSION="${PROJECT_VERSION}")
endif()

eir_folder(eir_ctl server/eirctl eir_api)
target_compile_definitions(eir_ctl PRIVATE EIR_VERSION="${PROJECT_VERSION}")
add_executable(eirctl server/eirctl/main.cc)
target_link_libraries(eirctl PRIVATE eir_ctl)

foreach(folder config telemetry channel workers supervisor store consultation api)
  eir_tests(unit_server_${folder} tests/unit/server/${folder} eir_${folder})
endforeach()
# The OpenAPI document lists the codes of refused offers.
target_link_libraries(unit_server_api PRIVATE eir_sdp)
eir_tests(unit_server_media tests/unit/server/media eir_media_worker)
eir_tests(unit_server_eirctl tests/unit/server/eirctl eir_ctl)

# For tests/integration/processes_test.py.
add_executable(supervisor_probe tests/integration/supervisor_probe.cc)
target_link_libraries(supervisor_probe PRIVATE eir_supervisor eir_workers)
# Kills itself at every step of the journal; its own file access stands before SQLite's.
add_executable(integration_journal_crash tests/integration/journal_crash_test.cc tests/integration/crashing_vfs.cc)
target_link_libraries(integration_journal_crash PRIVATE eir_store GTest::gmock GTest::gtest_main)
