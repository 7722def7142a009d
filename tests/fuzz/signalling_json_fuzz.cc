// link: eir_api
#include "server/api/signal_messages.h"

#include "lib/base/check.h"

namespace {

using namespace eir::signal;  // NOLINT(google-build-using-namespace): one file about that namespace

void read_all(const View& view) {
  EIR_CHECK(view.wishes.size() <= kWishesMax);
  for (const Wish& wish : view.wishes) {
    EIR_CHECK(!wish.mid.empty() && wish.mid.size() <= kMidMax);
    EIR_CHECK(wish.width <= kPixelsMax && wish.height <= kPixelsMax && wish.priority <= kPriorityMax);
    EIR_CHECK(label_from_text(to_text(wish.label)) == wish.label);
    if (wish.participant) EIR_CHECK(eir::ParticipantKey::parse(wish.participant->to_string()) == wish.participant);
  }
}

}  // namespace

// What a client sends over the WebSocket: whatever is accepted stays within the limits, whatever is refused can be
// told.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto parsed = parse(eir::as_text({data, size}));
  if (const auto* refused = std::get_if<Refused>(&parsed)) {
    const std::string told = error(refused->code, refused->detail, refused->id);
    // What we say of a bad message is itself a good one: the parser knows no type "error", and finds nothing worse.
    const auto again = parse(told);
    EIR_CHECK(std::get<Refused>(again).code == "unknown_type");
    return 0;
  }
  const auto& message = std::get<ClientMessage>(parsed);
  if (const auto* hello = std::get_if<Hello>(&message)) EIR_CHECK(eir::is_display_name(hello->display_name));
  if (const auto* persons = std::get_if<Persons>(&message)) {
    EIR_CHECK(persons->persons.size() <= eir::Consultations::kPersonsMax);
    for (const eir::PresentPerson& person : persons->persons) EIR_CHECK(eir::is_display_name(person.name));
  }
  if (const auto* view = std::get_if<View>(&message)) read_all(*view);
  if (const auto* label = std::get_if<Label>(&message)) EIR_CHECK(!label->mid.empty() && label->mid.size() <= kMidMax);
  return 0;
}
