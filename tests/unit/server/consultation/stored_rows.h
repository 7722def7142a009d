#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "server/consultation/consultations.h"

namespace eir {

// A store of two maps: what a disk would hold after these transitions, and what it would give to a new process.
class StoredRows {
 public:
  // Takes in what the consultations have put on record since the last call; the numbers must grow by one.
  void take(Consultations& from) {
    while (auto transition = from.poll_transition()) {
      ASSERT_EQ(transition->number, last_number_ + 1);
      last_number_ = transition->number;
      if (transition->consultation) consultations_[transition->consultation->id] = *transition->consultation;
      for (const ParticipantRow& row : transition->participants) {
        if (row.document.empty()) {
          participants_.erase(row.id);
        } else {
          participants_[row.id] = row;
        }
      }
      for (const UsageRow& row : transition->usage) usage_.push_back(row);
      transitions_.push_back(*std::move(transition));
    }
  }

  StoredState load() const {
    StoredState state;
    state.last_number = last_number_;
    for (const auto& [id, row] : consultations_) {
      if (!row.is_final) state.consultations.push_back(row);
    }
    for (const auto& [id, row] : participants_) {
      const auto consultation = consultations_.find(row.consultation);
      if (consultation != consultations_.end() && !consultation->second.is_final) state.participants.push_back(row);
    }
    return state;
  }

  // Everything that was ever put on record.
  const std::vector<Transition>& transitions() const { return transitions_; }
  const std::vector<UsageRow>& usage() const { return usage_; }
  uint64_t last_number() const { return last_number_; }

 private:
  uint64_t last_number_ = 0;
  std::map<std::string, ConsultationRow> consultations_;
  std::map<std::string, ParticipantRow> participants_;
  std::vector<Transition> transitions_;
  std::vector<UsageRow> usage_;
};

}  // namespace eir
