// Laws of the spool header. Input as a spooled file: what reads back writes and reads back the
// same. Input as an MTA's pipe: the offset is inside the input, the reverse path is one clean
// token, and what a queue makes of both is read back with exactly the rest as the message, whatever
// internal fields it forges.
#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "spool/header.h"

namespace {

using namespace paraph;

void require(bool law) {
  if (!law) std::abort();
}

bool same(const spool::SpoolHeader& a, const spool::SpoolHeader& b) {
  return a.address == b.address && a.id == b.id && a.received == b.received &&
         a.reverse_path == b.reverse_path && a.kind == b.kind && a.list == b.list &&
         a.auth == b.auth && a.sealed == b.sealed;
}

void check_file(std::string_view input, bool trusted) {
  const auto read = spool::read_spooled(std::string(input), trusted);
  if (!read) {
    require(read.error().retry() == Retry::never);
    return;
  }
  require(input.size() >= read->message.size());
  require(input.substr(input.size() - read->message.size()) == read->message);
  const auto again =
      spool::read_spooled(spool::write_header(read->header, trusted) + read->message, trusted);
  require(again && again->message == read->message && same(again->header, read->header));
  const auto alone = spool::read_spool_header(input.substr(0, spool::kHeaderOctets), trusted);
  require(alone && same(*alone, read->header));
}

void check_pipe(std::string_view input, std::string_view environment) {
  const auto [path, offset, unknown] = spool::read_pipe(input, environment);
  require(offset <= input.size());
  require(path.size() <= 320 && std::none_of(path.begin(), path.end(), ascii::is_control));
  require(path.find_first_of(" <>") == std::string::npos);
  const auto prefix = spool::read_pipe(input.substr(0, spool::kPipeOctets), environment);
  require(prefix.message_offset == offset && prefix.reverse_path == path);
  const auto id = spool::QueueId::parse("aaaaaaaaaaaaaaaaaaaa");
  const spool::SpoolHeader header{.address = "l@example.org",
                                  .id = *id,
                                  .received = {},
                                  .reverse_path = path,
                                  .unknown_sender = unknown,
                                  .kind = {},
                                  .list = {},
                                  .auth = {},
                                  .sealed = {}};
  const auto message = input.substr(offset);
  const auto read = spool::read_spooled(spool::write_header(header, false).append(message), true);
  require(read && read->message == message && same(read->header, header));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  for (const bool trusted : {false, true}) check_file(input, trusted);
  const std::size_t half = size / 2;
  check_pipe(input, {});
  check_pipe(input.substr(half), input.substr(0, half));
  return 0;
}
