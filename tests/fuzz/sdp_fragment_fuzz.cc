// link: eir_api
#include <string>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/check.h"
#include "server/api/sdp_fragment.h"
#include "server/api/whip.h"

using namespace eir;  // NOLINT(google-build-using-namespace): a program of one file

// A fragment that was taken keeps what RFC 8839 section 5.4 promises, and what is printed from it is read again as the
// same; the text as an offer gives a ufrag of one line; as a path it names exactly what it holds.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = as_text({data, size});
  if (const auto fragment = parse_sdp_fragment(text)) {
    EIR_CHECK(fragment->candidates <= kFragmentCandidatesMax);
    EIR_CHECK(fragment->ufrag.empty() == fragment->password.empty());
    if (!fragment->ufrag.empty()) {
      EIR_CHECK(fragment->ufrag.size() >= 4 && fragment->ufrag.size() <= 256);
      EIR_CHECK(fragment->password.size() >= 22 && fragment->password.size() <= 256);
      const auto again = parse_sdp_fragment(
          print_sdp_fragment(fragment->ufrag, fragment->password, "m=audio 9 x 0\r\n", std::vector<std::string>()));
      EIR_CHECK(again && again->ufrag == fragment->ufrag && again->password == fragment->password);
      EIR_CHECK(ice_ufrag_of(text) == fragment->ufrag);
    }
  }
  EIR_CHECK(ice_ufrag_of(text).find('\n') == std::string::npos);
  if (const auto path = parse_whip_path(text)) {
    EIR_CHECK(text.find(path->consultation.to_string()) != std::string_view::npos);
    EIR_CHECK(!path->resource || text.ends_with(path->resource->to_string()));
  }
  return 0;
}
