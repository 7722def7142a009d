// covers: lib/media/rewrite_map.cc
// Sources that come and go, losses, late packets, drops, insertions and revocations as the input says, against a model
// that gives every incoming number its outgoing one in a plain map: losses keep their places, drops leave no gap, no
// number is given twice, reverse() names just the packet that had it, and picture ids close up over what was dropped.
#include "lib/media/rewrite_map.h"

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "lib/base/bytes.h"
#include "lib/base/check.h"

namespace {

using namespace eir;

// NOLINTNEXTLINE(performance-no-int-to-ptr): the map only compares them
ReceiveStream* source(uintptr_t n) { return reinterpret_cast<ReceiveStream*>(n * 64); }

struct Given {
  uintptr_t source = 0;
  int64_t in_sequence = 0;
  int64_t out_sequence = 0;
  uint16_t pictures_dropped = 0;  // of its source's epoch, before it
  size_t epochs = 0;              // begun when it was given
  size_t drops = 0;               // until then
};

class Model {
 public:
  explicit Model(int64_t first_out) : next_out_(first_out) {}

  void begin(uintptr_t n, int64_t in_first) {
    source_ = n;
    newest_in_ = in_first - 1;
    pictures_ = 0;
    is_voided_ = false;
    ++epochs_;
  }
  // What map() may answer.
  void take(int64_t in) {
    while (!is_voided_ && newest_in_ < in) give(++newest_in_);
  }
  void drop(int64_t in, bool ends_picture) {
    if (in <= newest_in_) return;
    while (newest_in_ < in - 1) {
      give(++newest_in_);
    }
    newest_in_ = in;
    pictures_ = static_cast<uint16_t>(pictures_ + (ends_picture ? 1 : 0));
    ++drops_;
  }
  int64_t insert() {
    epochs_ += 2;
    return next_out_++;
  }
  void void_source(uintptr_t n) {
    if (n == source_) is_voided_ = true;
    std::erase_if(by_in_, [n](const auto& each) { return each.first.first == n; });
    std::erase_if(by_out_, [n](const auto& each) { return each.second.source == n; });
  }

  const Given* by_in(int64_t in) const {
    const auto it = by_in_.find({source_, in});
    return it == by_in_.end() ? nullptr : &it->second;
  }
  const Given* by_out(int64_t out) const {
    const auto it = by_out_.find(out);
    return it == by_out_.end() ? nullptr : &it->second;
  }
  // Within the bounds of the lists, so that it must still be known.
  bool is_recent(const Given& given) const {
    return epochs_ - given.epochs < RewriteMap::kEpochsMax && drops_ - given.drops < RewriteMap::kDropRunsMax;
  }
  bool is_newest(const Given& given) const { return given.epochs == epochs_; }
  int64_t next_out() const { return next_out_; }

 private:
  void give(int64_t in) {
    const int64_t out = next_out_++;
    if (is_voided_) return;
    const Given given{source_, in, out, pictures_, epochs_, drops_};
    by_in_[{source_, in}] = given;
    by_out_[out] = given;
  }

  std::map<std::pair<uintptr_t, int64_t>, Given> by_in_;
  std::map<int64_t, Given> by_out_;
  uintptr_t source_ = 0;
  int64_t next_out_;
  int64_t newest_in_ = 0;
  uint16_t pictures_ = 0;
  bool is_voided_ = false;
  size_t epochs_ = 0;
  size_t drops_ = 0;
};

class World {
 public:
  explicit World(ByteView data) : input_(data), map_(input_.u8()), model_(map_.next_out()) {}

  void run() {
    while (input_.remaining() >= 2) {
      const uint8_t verb = input_.u8();
      const uint8_t value = input_.u8();
      if (verb % 16 == 0 || (current_ == 0 && verb % 16 != 1)) {
        begin(1 + value % 5);
      } else {
        act(verb % 16, value);
      }
      EIR_CHECK(map_.next_out() == model_.next_out());
    }
  }

 private:
  void begin(uintptr_t n) {
    current_ = n;
    newest_ += 100'000;
    Epoch epoch;
    epoch.source = source(current_);
    epoch.track = TrackId(static_cast<uint32_t>(current_));
    epoch.in_first = newest_ + 1;
    map_.begin(epoch);
    model_.begin(current_, newest_ + 1);
  }

  void act(uint8_t verb, uint8_t value) {
    switch (verb) {
      case 1:
        EIR_CHECK(map_.insert() == model_.insert());
        return;
      case 2:
      case 8:
        return drop(newest_ += 1 + (verb == 2 ? value % 3 : 0), value % 2 == 0);
      case 3:
        return drop(newest_ - value % 32, false);
      case 4:
        return take(newest_ - value);
      case 5:
        return take(newest_ += 1 + value);
      case 6: {
        const uintptr_t n = 1 + value % 5;
        if (value % 2 == 0) {
          map_.void_source(source(n));
        } else {
          map_.void_track(TrackId(static_cast<uint32_t>(n)));
        }
        return model_.void_source(n);
      }
      case 7:
        return reverse(map_.next_out() - 1 - value);
      default:
        return take(++newest_);
    }
  }

  void drop(int64_t in, bool ends_picture) {
    const Given* const given = model_.by_in(in);
    const bool is_gone = map_.drop(in, ends_picture);
    // It speaks of the newest epoch alone, and of what it still knows.
    if (given == nullptr) EIR_CHECK(is_gone);
    if (given != nullptr && model_.is_newest(*given) && model_.is_recent(*given)) EIR_CHECK(!is_gone);
    model_.drop(in, ends_picture);
  }

  void take(int64_t in) {
    const auto place = map_.map(source(current_), in);
    model_.take(in);
    check(place, model_.by_in(in));
  }

  void reverse(int64_t out) { check(map_.reverse(out), model_.by_out(out)); }

  void check(const std::optional<RewriteMap::Place>& place, const Given* given) const {
    if (!place) {
      EIR_CHECK(given == nullptr || !model_.is_recent(*given));
      return;
    }
    EIR_CHECK(given != nullptr && place->epoch->source == source(given->source));
    EIR_CHECK(place->in_sequence == given->in_sequence && place->out_sequence == given->out_sequence);
    const int pictures = place->pictures_dropped - place->epoch->picture_id_offset;
    EIR_CHECK(static_cast<uint16_t>(pictures) == given->pictures_dropped);
  }

  ByteReader input_;
  RewriteMap map_;
  Model model_;
  uintptr_t current_ = 0;
  int64_t newest_ = 1 << 16;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  World(ByteView{data, size}).run();
  return 0;
}
