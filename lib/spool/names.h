#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "spool/queue_id.h"
#include "sys/file_system.h"

/// Inside `spool` only: file names, lines of packets and journals, small verbs that the spools
/// share.
namespace paraph::spool {

/// Directories that msg and bulk have in common.
constexpr std::string_view kHeld = "hold";
constexpr std::string_view kBad = "bad";
constexpr std::string_view kNotes = ".wait";
constexpr std::string_view kReason = ".reason";

/// "DIRECTORY/NAMESUFFIX"; an empty directory is the root.
[[nodiscard]] std::string in(std::string_view directory, std::string_view name,
                             std::string_view suffix = {});

/// Whether a directory entry is a mail, not something hidden or still being written.
[[nodiscard]] bool is_mail_name(std::string_view name);

/// ADDRESS of an incoming_name(), as it stands there; empty for a name of another shape.
[[nodiscard]] std::string_view address_part(std::string_view name);
/// EPOCH of an incoming_name(), which its ingest id has too. 0, so first, for a file of another shape: somebody put it
/// there by hand.
[[nodiscard]] long long accepted_at(std::string_view name);
/// The address that was encoded so; nullopt when it does not stand there whole, or somebody else has made the name.
[[nodiscard]] std::optional<std::string> decode_address(std::string_view part);

/// "ID.NNNN". Serials of five digits and more exist past 9999 packets.
struct PacketName {
  QueueId id;
  unsigned serial = 0;
  [[nodiscard]] std::string str() const;
  [[nodiscard]] static std::optional<PacketName> parse(std::string_view text);
  /// Also "ID.NNNN.K", as free_name() makes it in bad/.
  [[nodiscard]] static std::optional<PacketName> parse_quarantined(std::string_view text);
};

/// Backslash and controls as `\xNN`, so that any text fits between tabs on one line; nullopt for
/// what escape() never writes.
[[nodiscard]] std::string escape(std::string_view text);
[[nodiscard]] std::optional<std::string> unescape(std::string_view text);

/// Two pieces as one file.
[[nodiscard]] sys::NextChunk pieces(std::string_view first, std::string_view second);

/// Whether a packet with this modification time is to be tried again later only. A time farther ahead than an hour was
/// not set by postpone(): the clock has been put back since.
[[nodiscard]] bool postponed(TimePoint modified, TimePoint now);

/// An absent directory has no entries.
[[nodiscard]] Result<std::vector<std::string>> names_in(sys::FileSystem& fs,
                                                        std::string_view directory);
[[nodiscard]] Result<std::vector<sys::FileInfo>> list_in(sys::FileSystem& fs,
                                                         std::string_view directory);

/// `name`, cut so that its .reason fits into 255 octets, or "NAME.1", "NAME.2" … when there is such a file in the directory already: what is
/// quarantined for a second time must not stay in the way for ever. Errc::exists past kMaxSame.
constexpr unsigned kMaxSame = 1000;
[[nodiscard]] std::string numbered(std::string_view name, unsigned number);
[[nodiscard]] Result<std::string> free_name(sys::FileSystem& fs, std::string_view directory,
                                            std::string_view name);

/// Why mail of priority z waits.
constexpr std::string_view kNeverNote =
    "its priority is z: nobody works on it until the priority is another one";

/// Text of a .reason or .wait file, without its line end; empty when there is none.
[[nodiscard]] std::string read_note(sys::FileSystem& fs, std::string_view path);
[[nodiscard]] Result<void> write_note(sys::FileSystem& fs, std::string_view path,
                                      std::string_view reason);

}  // namespace paraph::spool
