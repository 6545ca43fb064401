#include "scenario/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/core.h>
#include <pcre2.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace paraph::scenario {
namespace {

constexpr std::uint32_t kMaxSteps = 100'000;
constexpr std::uint32_t kMaxHeapKiB = 20'000;
constexpr std::size_t kWindow = 512;  // starting points between two looks at the clock
constexpr std::size_t kJitStack = 1024 * 1024;

// What matching needs besides the pattern; one per thread, reused.
struct Scratch {
  pcre2_match_context* context = pcre2_match_context_create(nullptr);
  pcre2_match_data* data = pcre2_match_data_create(1, nullptr);
  pcre2_jit_stack* stack = pcre2_jit_stack_create(32 * 1024, kJitStack, nullptr);

  Scratch() {
    if (context == nullptr || data == nullptr) return;
    pcre2_set_match_limit(context, kMaxSteps);
    pcre2_set_depth_limit(context, kMaxSteps);
    pcre2_set_heap_limit(context, kMaxHeapKiB);
    if (stack != nullptr) pcre2_jit_stack_assign(context, nullptr, stack);
  }
  ~Scratch() {
    pcre2_match_context_free(context);
    pcre2_match_data_free(data);
    pcre2_jit_stack_free(stack);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] bool usable() const { return context != nullptr && data != nullptr; }
};

std::string message_of(int code) {
  std::array<PCRE2_UCHAR, 256> text{};
  const int length = pcre2_get_error_message(code, text.data(), text.size());
  if (length < 0) return "unknown error";
  return {text.begin(), text.begin() + length};
}

Error limit(std::string why) {
  return Error::never(Errc::limit, "regex: " + std::move(why));
}

}  // namespace

struct Pattern::Code {
  pcre2_code* pcre = nullptr;
  ~Code() { pcre2_code_free(pcre); }
};

Pattern::Pattern(std::unique_ptr<Code> code) : code_(std::move(code)) {}
Pattern::~Pattern() = default;

std::shared_ptr<const Pattern> Pattern::compile(std::string_view source, bool jit,
                                                RegexFault& fault) {
  if (source.size() > kMaxPattern) {
    fault = {0, fmt::format("longer than {} octets", kMaxPattern)};
    return nullptr;
  }
  constexpr std::uint32_t options =
      PCRE2_CASELESS | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT;
  int code = 0;
  PCRE2_SIZE offset = 0;
  auto compiled = std::make_unique<Code>();
  compiled->pcre = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(source.data()), source.size(),
                                 options, &code, &offset, nullptr);
  if (compiled->pcre == nullptr) {
    fault = {std::min<std::size_t>(offset, source.size()), message_of(code)};
    return nullptr;
  }
  // Where the machine forbids writable code pages this fails and the interpreter serves.
  if (jit) pcre2_jit_compile(compiled->pcre, PCRE2_JIT_COMPLETE);
  return std::shared_ptr<const Pattern>(new Pattern(std::move(compiled)));
}

Result<bool> Pattern::search(std::string_view subject, RegexBudget& budget) const {
  if (subject.size() > kMaxSubject)
    return limit(fmt::format("value of {} octets, more than {}", subject.size(), kMaxSubject));
  const std::clock_t start = std::clock();
  auto found = search_until(subject, start, budget);
  budget.charge(std::clock() - start);
  return found;
}

Result<bool> Pattern::search_until(std::string_view subject, std::clock_t start_time,
                                   const RegexBudget& budget) const {
  thread_local Scratch scratch;
  if (!scratch.usable()) return Error::later(Errc::engine, "regex: out of memory");
  const auto* text = reinterpret_cast<PCRE2_SPTR>(subject.data());
  for (std::size_t start = 0; start <= subject.size();) {
    if (!budget.allows(std::clock() - start_time)) return limit("time for matching used up");
    std::size_t last = std::min(start + kWindow, subject.size());
    while (last < subject.size() && (static_cast<unsigned char>(subject[last]) & 0xC0U) == 0x80)
      ++last;
    pcre2_set_offset_limit(scratch.context, last);
    const auto match = [&](std::uint32_t options) {
      return pcre2_match(code_->pcre, text, subject.size(), start, options, scratch.data,
                         scratch.context);
    };
    int rc = match(0);
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT) rc = match(PCRE2_NO_JIT);
    if (rc >= 0) return true;
    if (rc != PCRE2_ERROR_NOMATCH) return limit(message_of(rc));
    start = last + (last == subject.size() ? 1 : 0);
  }
  return false;
}

bool has_domain_placeholder(std::string_view source) {
  return source.find("[domain]") != std::string_view::npos ||
         source.find("[host]") != std::string_view::npos;
}

std::string with_domain(std::string_view source, std::string_view domain) {
  std::string escaped;
  for (const char c : domain) {
    const bool plain =
        ascii::is_alnum(c) || c == '-' || c == '_' || static_cast<unsigned char>(c) >= 0x80;
    if (!plain) escaped += '\\';
    escaped += c;
  }
  std::string out;
  while (!source.empty()) {
    const auto placeholder = source.substr(0, 8) == "[domain]" ? 8U
                             : source.substr(0, 6) == "[host]" ? 6U
                                                               : 0U;
    if (placeholder != 0) {
      out += escaped;
    } else {
      out += source.front();
    }
    source.remove_prefix(placeholder != 0 ? placeholder : 1);
  }
  return out;
}

}  // namespace paraph::scenario
