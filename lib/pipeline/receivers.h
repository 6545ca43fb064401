#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pipeline/ports.h"

namespace paraph::pipeline {

/// Whether a post of `sender` reaches this member now, by his reception mode and suspension. An empty sender is nobody.
[[nodiscard]] bool gets_copy(const list::Subscriber& member, std::string_view sender);

/// The members whom a post of `sender` reaches, in order of their addresses and a page at a time: memory stays flat in
/// their number.
class Receivers {
 public:
  Receivers(list::ListAddress list, std::string sender, list::Directory& directory)
      : list_(std::move(list)), sender_(std::move(sender)), directory_(directory) {}
  /// Up to 1000; none: that was all.
  [[nodiscard]] Result<std::vector<std::string>> next();

 private:
  list::ListAddress list_;
  std::string sender_;
  list::Directory& directory_;
  std::string after_;
  bool last_ = false;
};

}  // namespace paraph::pipeline
