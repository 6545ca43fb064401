// paraph-queue and paraph-bouncequeue: from the MTA's pipe into a spool, and nothing else. See
// paraph-queue(1).
#include <fmt/core.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ascii.h"
#include "base/utf8.h"
#include "config/site.h"
#include "spool/spool.h"
#include "sys/file_system.h"
#include "sys/kernel_random.h"
#include "sys/process.h"
#include "sys/standard_input.h"

namespace {

using namespace paraph;

constexpr std::string_view kUsage =
    "usage: " PROGRAM_NAME
    " [--config FILE] [PRIORITY] ADDRESS\n"
    "Puts the message on standard input, which the MTA delivers to ADDRESS, into the spool.\n";
constexpr std::string_view kDefaultConfig = "/etc/paraph/paraph.conf";
constexpr std::size_t kMaxAddress = 254;  // RFC 5321 §4.5.3.1.3, less the angle brackets
constexpr std::size_t kChunk = 64 * 1024;
static_assert(kChunk >= spool::kPipeOctets, "read_pipe() is shown one chunk");

// One line, whatever the text holds: MTAs log the first one and send it back to the author.
int fail(int status, std::string_view what, std::string_view hint = {}) {
  const std::string tail = hint.empty() ? std::string() : fmt::format(" (try: {})", hint);
  fmt::print(stderr, PROGRAM_NAME ": error: {}\n",
             utf8::printable(fmt::format("{}{}", what, tail), 1000));
  return status;
}

// Everything an administrator can mend is EX_TEMPFAIL, so that the MTA keeps the mail.
int wait_with(const Error& error) {
  return fail(EX_TEMPFAIL, error.what(), error.hint());
}

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

struct Request {
  std::string config;
  std::string address;
};

struct Fault {
  int status = EX_USAGE;
  std::string what;
  std::string hint = PROGRAM_NAME " --help";
};

std::string fault_of(std::string_view address) {
  const std::size_t at = address.rfind('@');
  const auto unfit = [](char c) { return ascii::is_control(c) || c == ' '; };
  if (address.empty()) return "no address";
  if (address.size() > kMaxAddress)
    return fmt::format("the address is longer than {} octets", kMaxAddress);
  if (std::any_of(address.begin(), address.end(), unfit))
    return "the address holds a space or a control character";
  if (at == std::string_view::npos || at == 0 || at + 1 == address.size())
    return fmt::format("'{}' is no address: local-part@domain is", address);
  return {};
}

bool is_priority(std::string_view word) {
  return word.size() == 1 && (ascii::is_digit(word[0]) || word[0] == 'z');
}

// What stands before the address: nothing, or a priority, as Sympa's older aliases say. Without its
// limit of one recipient Postfix's pipe(8) puts all of one mail there, and none may get lost.
Fault fault_before_the_address(const std::vector<std::string_view>& words) {
  if (words.empty() || (words.size() == 1 && is_priority(words[0]))) return {};
  const bool addresses = std::any_of(words.begin(), words.end(), [](std::string_view word) {
    return word.find('@') != std::string_view::npos;
  });
  if (!addresses)
    return {EX_TEMPFAIL, fmt::format("'{}' is no priority: a digit or z is", words[0])};
  return {EX_TEMPFAIL, "more than one address",
          PIPE_SERVICE "_destination_recipient_limit = 1, in Postfix's main.cf"};
}

// The last argument is the address if it holds an `@`, even when it looks like an option: an MTA
// expands what a stranger wrote after RCPT TO into it.
std::optional<Request> parse(std::vector<std::string_view> arguments, Fault& fault) {
  Request request{environment("PARAPH_CONFIG"), {}};
  std::vector<std::string_view> words;
  std::optional<std::string_view> address;
  if (!arguments.empty() && arguments.back().find('@') != std::string_view::npos) {
    address = arguments.back();
    arguments.pop_back();
  }
  constexpr std::string_view option = "--config", with_value = "--config=";
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto word = arguments[i];
    if (word == option && i + 1 < arguments.size()) {
      request.config = arguments[++i];
    } else if (word.substr(0, with_value.size()) == with_value) {
      request.config = word.substr(with_value.size());
    } else if (word.substr(0, 1) == "-" && word.find('@') == std::string_view::npos) {
      fault.what = fmt::format("unknown option, or one without its value: {}", word);
      return std::nullopt;
    } else {
      words.push_back(word);
    }
  }
  if (!address && !words.empty()) {
    address = words.back();
    words.pop_back();
  }
  request.address = address.value_or("");
  fault = fault_before_the_address(words);  // first: mail for several must not bounce for one
  if (fault.what.empty()) fault.what = fault_of(request.address);
  if (request.config.empty()) request.config = kDefaultConfig;
  return fault.what.empty() ? std::optional(std::move(request)) : std::nullopt;
}

// The directory of the spool, opened by its owner, on a disk with space.
Result<std::shared_ptr<sys::FileSystem>> open_spool(const std::string& config) {
  if (auto became = sys::become_owner_of(sys::directory_of(config)); !became)
    return std::move(became).error();
  const auto queue = config::read_queue(config, QUEUE_PARAMETER);
  if (!queue) return queue.error();
  // A packaged configuration belongs to root; what the spool gets must belong to its owner all the
  // same.
  if (auto became = sys::become_owner_of(queue->directory);
      !became && became.error().code() != Errc::not_found)
    return std::move(became).error();
  auto fs = sys::open_root(queue->directory);
  if (!fs && fs.error().code() == Errc::not_found)
    return std::move(fs).error().with_hint(fmt::format("install -d -m 0700 {}", queue->directory));
  if (!fs) return fs;
  // Before the disk is full: what is in the spool needs space to go on.
  const auto space = sys::disk_space(queue->directory);
  if (!space) return space.error();
  if (const auto lack = queue->min_free.lack(*space))
    return Error::later(Errc::io, fmt::format("{}: {}", queue->directory, *lack));
  return fs;
}

int run(const Request& request) {
  auto fs = open_spool(request.config);
  if (!fs) return wait_with(fs.error());
  sys::StandardInput input(kChunk);
  auto first = input.next();
  if (!first) return wait_with(first.error());
  const auto piped = spool::read_pipe(*first, environment("SENDER"));
  first->remove_prefix(piped.message_offset);
  const sys::NextChunk message = [&]() -> Result<std::string_view> {
    if (first->empty()) return input.next();
    return std::exchange(*first, std::string_view());
  };
  sys::KernelRandom random;
  const TimePoint now = sys::SystemClock().now();
  const spool::SpoolHeader header{.address = request.address,
                                  .id = spool::QueueId::make(now, random),
                                  .received = now,
                                  .reverse_path = piped.reverse_path,
                                  .unknown_sender = piped.unknown_sender,
                                  .kind = {},
                                  .list = {},
                                  .auth = {},
                                  .sealed = {}};
  const auto accepted = spool::IncomingSpool(*fs).accept(header, message, ::getpid(), random);
  return accepted ? EX_OK : wait_with(accepted.error());
}

}  // namespace

int main(int argc, char** argv) {
  if (!sys::harden()) return fail(EX_TEMPFAIL, "refusing to run set-id");
  const std::vector<std::string_view> arguments(argv + std::min(argc, 1), argv + argc);
  if (arguments.size() == 1 && arguments[0] == "--help") return fmt::print("{}", kUsage), EX_OK;
  if (arguments.size() == 1 && arguments[0] == "--version")
    return fmt::print(PROGRAM_NAME " " PARAPH_VERSION "\n"), EX_OK;
  try {
    Fault fault;
    const auto request = parse(arguments, fault);
    if (!request) return fail(fault.status, fault.what, fault.hint);
    return run(*request);
  } catch (const std::exception& bug) {
    return fail(EX_TEMPFAIL, bug.what());  // out of memory, say: the MTA keeps the mail
  }
}
