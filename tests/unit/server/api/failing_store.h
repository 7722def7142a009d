#pragma once

#include <atomic>
#include <memory>

#include "server/store/store.h"

namespace eir {

// A store whose disk is full for as long as the test says, or slow.
class FailingStore final : public Store {
 public:
  class Switch {
   public:
    std::atomic<bool> is_broken = false;
    // A write waits from one to the other.
    void hold() { is_held_ = true; }
    void release() {
      is_held_ = false;
      is_held_.notify_all();
    }

   private:
    friend class FailingStore;
    std::atomic<bool> is_held_ = false;
  };
  FailingStore(std::unique_ptr<Store> inner, Switch& control) : inner_(std::move(inner)), switch_(control) {}

  uint64_t last_number() override { return inner_->last_number(); }
  StoredState load() override { return inner_->load(); }
  void write(std::span<const Transition> transitions) override {
    switch_.is_held_.wait(true);
    if (switch_.is_broken) throw StoreError("no space");
    inner_->write(transitions);
  }
  std::vector<NumberedEvent> events_after(std::string_view tenant, uint64_t number, size_t limit) override {
    return inner_->events_after(tenant, number, limit);
  }
  uint64_t oldest_event(std::string_view tenant) override { return inner_->oldest_event(tenant); }
  std::optional<ConsultationRow> find_consultation(std::string_view tenant, std::string_view id) override {
    return inner_->find_consultation(tenant, id);
  }
  std::vector<AuditRow> audit_of(std::string_view tenant, std::string_view consultation, size_t limit) override {
    return inner_->audit_of(tenant, consultation, limit);
  }
  std::vector<UsageRow> usage_of(std::string_view tenant, std::string_view consultation, size_t limit) override {
    return inner_->usage_of(tenant, consultation, limit);
  }
  std::vector<AuditHead> audit_heads() override { return inner_->audit_heads(); }
  std::optional<AnswerRow> find_answer(std::string_view key) override { return inner_->find_answer(key); }
  void erase_expired(const Retention& retention, int64_t now_ms) override { inner_->erase_expired(retention, now_ms); }

 private:
  std::unique_ptr<Store> inner_;
  Switch& switch_;
};

}  // namespace eir
