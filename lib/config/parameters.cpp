#include "config/names.h"
#include "config/site.h"

namespace paraph::config {
namespace {

constexpr unsigned S = static_cast<unsigned>(Scope::site);
constexpr unsigned SD = S | static_cast<unsigned>(Scope::domain);
constexpr unsigned L = static_cast<unsigned>(Scope::list);
constexpr unsigned SL = S | L;
constexpr unsigned SDL = SD | L;

// Every parameter that has an effect here. "$name" in a default stands for the value of that
// parameter; a default of type path stands below the site directory.
const std::vector<Parameter>& own_rows() {
  static const std::vector<Parameter> rows = {
      // clang-format off
    {"sympa_conf", S, "path", "", "A Sympa configuration file to read first; what this file says goes over it."},
    {"domain", SD, "text", "", "The main mail domain; lists are NAME@domain."},
    {"listmaster", SD, "list", "", "Addresses of the people who run the site.", true},
    {"title", SD, "text", "Mailing lists service", "Name of the service, for templates."},
    {"gecos", SD, "text", "SYMPA", "Display name in the From of mail we author."},
    {"email", SD, "word", "sympa", "Local part of the command address."},
    {"listmaster_email", SD, "word", "listmaster", "Local part of the listmaster address."},
    {"return_path_suffix", S, "word", "-owner", "What a list's bounce address adds to its name."},
    {"list_check_suffixes", SD, "list", "request, owner, editor, unsubscribe, subscribe", "Suffixes that make service addresses of a list; no list name may end in one."},
    {"home", S, "path", "list_data", "Directory of the lists."},
    {"etc", S, "path", "etc", "Directory of the site's scenari/, mail_tt2/, search_filters/ and DOMAIN/robot.conf."},
    {"spool", S, "path", "spool", "Directory of the spools."},
    {"queue", S, "path", "$spool/msg", "Mail accepted from the MTA."},
    {"queueauth", S, "path", "$spool/auth", "Posts that wait for their sender's confirmation."},
    {"queuemod", S, "path", "$spool/moderation", "Posts that wait for an editor."},
    {"queuebulk", S, "path", "$spool/bulk", "Packets on their way out."},
    {"queuemissed", S, "path", "$spool/missed", "Encrypted posts, as they came, that a member could not be sealed a copy of."},
    {"queuebounce", S, "path", "$spool/bounce", "Bounces accepted from the MTA."},
    {"default_dir", S, "path", "", "Stock scenarios and templates; unset: share/paraph beside the program's bin, or the source it was built from."},
    {"db_type", S, "word", "SQLite", "Kind of database; only SQLite."},
    {"db_name", S, "path", "paraph.sqlite", "File of the SQLite database."},
    {"ledger_retention", S, "number", "60", "Days for which `paraph trace` knows what became of a mail; 0 for ever."},
    {"clean_delay_queueauth", S, "number", "30", "Days for which a post waits for its author's confirmation; then it is gone. 0: for ever."},
    {"clean_delay_queuemod", SL, "number", "30", "Days for which a post waits for an editor; then it is gone. 0: for ever."},
    {"release_by_mail", SDL, "auto|key|smime", "auto", "What an editor's DISTRIBUTE by mail needs: the key that he was sent, or also his own signature; auto: the signature where no rule of `send` lets an unsigned post through."},
    {"transport", S, "text", "sendmail:$sendmail", "Where mail goes: smtp://HOST:PORT, lmtp+unix:/PATH, sendmail:/PROGRAM or maildir:/DIRECTORY."},
    {"sendmail", S, "text", "/usr/sbin/sendmail", "The MTA's submission program."},
    {"incoming_max_count", S, "number", "2", "Worker processes of paraph-incoming."},
    {"bulk_max_count", S, "number", "3", "Worker processes of paraph-distribute, each with a connection of its own to the MTA."},
    {"worker_memory", S, "number", "512", "Megabytes of memory a worker may have; above, it dies, which is an attempt of its mail. 0 for no limit."},
    {"worker_cpu", S, "number", "60", "Seconds of processor time a worker may spend between two steps (a mail, a recipient). 0 for no limit."},
    {"worker_time", S, "number", "600", "Seconds that may pass between two steps, the MTA's time not counted. 0 for no limit."},
    {"packet_size", S, "number", "250", "Recipients of one outgoing packet at most."},
    {"packet_lifetime", S, "number", "5", "Days for which a copy is tried; then, after one more try, it has failed."},
    {"priority", SDL, "0|1|2|3|4|5|6|7|8|9|z", "5", "Which list's posts go first: 0 before 9; z: they wait."},
    {"request_priority", SD, "0|1|2|3|4|5|6|7|8|9|z", "0", "The same for mail to LIST-request and LIST-editor."},
    {"owner_priority", SD, "0|1|2|3|4|5|6|7|8|9|z", "9", "The same for mail to LIST-owner."},
    {"sympa_priority", SD, "0|1|2|3|4|5|6|7|8|9|z", "1", "The same for mail to the command and listmaster addresses, and for the answers and notices of the site."},
    {"spool_min_free", S, "size", "100M", "What the disk of the queue keeps free, as 512K, 100M, 2G or 5%, and 1,000 inodes or the same percentage: below it the MTA keeps new mail. 0: nothing."},
    {"cafile", SL, "path", "", "PEM file of the authorities trusted for S/MIME; empty file or unset: no signature is trusted."},
    {"capath", SL, "path", "", "Directory of PEM files of such authorities."},
    {"issuers", SL, "path", "", "PEM file of CA certificates that may stand in the middle of a path or sign revocation lists, without being trusted themselves."},
    {"crl_check", SDL, "off|soft|require", "soft", "What is asked of revocation lists: nothing, that none at hand names the certificate, or that a current one is at hand as well."},
    {"crl_dir", S, "path", "crl", "Directory of the revocation lists, PEM or DER."},
    {"crl_url", S, "text", "", "An http or https URL from which `paraph crl fetch` takes a revocation list.", true},
    {"key_passwd", S, "secret", "", "Passphrase of the private keys; key_passwd_file is better."},
    {"key_passwd_file", S, "path", "", "File, mode 0600, whose first line is the passphrase of the private keys."},
    {"ssl_cert_dir", S, "path", "X509-user-certs", "Certificates of people, one file per address and use."},
    {"min_rsa_bits", SDL, "number", "2048", "Shortest RSA key accepted in a certificate."},
    {"accepted_digests", SDL, "words:SHA-256|SHA-384|SHA-512|SHA-512/256|SHA3-256|SHA3-384|SHA3-512", "", "Digests that a signature may use, as SHA-256 or SHA-512; unset: SHA-256 and every better one."},
    {"required_policies", SDL, "words:OID", "", "Certificate policies, as OIDs, one of which the path of a signer must assert; 2.5.29.32.0 for any."},
    {"cipher", SDL, "auto|aes-256-cbc|aes-256-gcm|aes-128-cbc", "auto", "Content encryption of sealed copies; auto: the best that the reader's program stated, else AES-256-CBC."},
    {"cipher_floor", SDL, "aes-128-cbc|aes-256-cbc|aes-256-gcm", "aes-128-cbc", "The weakest content encryption of a sealed copy, whatever its reader states."},
    {"key_transport", SDL, "auto|pkcs1|oaep", "auto", "How sealed copies carry the content key to an RSA key: PKCS#1 v1.5, or OAEP with SHA-256; auto: OAEP where the reader's program stated it."},
    {"trust", SL, "ca|ca+pins", "ca", "Whose certificates count: those of trusted authorities, or also those pinned by `paraph cert pin`."},
    {"encrypted_post_min_coverage", SL, "number", "0", "Percent of the members who must be able to read a sealed post; with fewer it is held for an editor."},
    {"missed_post_retention", SL, "number", "14", "Days for which an encrypted post is kept, encrypted, for members whose certificate is mended; 0: not at all."},
    {"list_sign", SDL, "off|inside|outer", "off", "Whether the list signs sealed copies: inside the encryption once for all, or around each copy, which takes an EC key."},
    {"encrypted_post_policy", SDL, "any|signed_inside", "any", "Which encrypted posts are distributed: any, or only those signed inside the encryption."},
    {"replay_window", S, "number", "30", "Days after its signing time for which a signed mail counts as signed; 0 for as long as the certificate is valid."},
    {"list_binding", SDL, "if_present|require", "if_present", "Whether a signature must say, by a protected To or Cc, that the post was meant for this list: only where it has such fields, or always."},
    {"ca_senders", S, "list", "", "Addresses and domains of certification authorities; their mail to any address of the site is quarantined for the listmaster."},
    {"max_size", SDL, "number", "5242880", "Largest message in octets; 0 for no limit."},
    {"send", SDL, "scenario:send", "private", "Who may post."},
    {"visibility", SDL, "scenario:visibility", "conceal", "Who sees that the list exists."},
    {"info", SDL, "scenario:info", "open", "Who may read the list's description."},
    {"subscribe", SDL, "scenario:subscribe", "open", "Who may subscribe."},
    {"unsubscribe", SDL, "scenario:unsubscribe", "open", "Who may unsubscribe."},
    {"add", SDL, "scenario:add", "owner", "Who may add members."},
    {"del", SDL, "scenario:del", "owner", "Who may remove members."},
    {"invite", SDL, "scenario:invite", "private", "Who may invite."},
    {"remind", SDL, "scenario:remind", "owner", "Who may remind members."},
    {"review", SDL, "scenario:review", "owner", "Who may see the members."},
    {"create_list", SD, "scenario:create_list", "public_listmaster", "Who may create lists."},
    {"global_remind", S, "scenario:global_remind", "listmaster", "Who may remind everybody."},
    {"move_user", SD, "scenario:move_user", "auth", "Who may change an address everywhere."},
    {"family_signoff", SD, "scenario:family_signoff", "auth", "Who may leave a family."},
    {"automatic_list_creation", SD, "scenario:automatic_list_creation", "public", "Who may create automatic lists."},
    {"spam_status", SD, "scenario:spam_status", "x-spam-status", "The scenario that tells spam."},
    {"custom_vars.name", L, "word", "", "A name that rules ask for as [custom_vars->NAME]."},
    {"custom_vars.value", L, "text", "", "What [custom_vars->NAME] is."},
    {"archive.mail_access", SDL, "scenario:archive_mail_access", "closed", "Who may ask for archived mail."},
    {"archive.web_access", SDL, "scenario:archive_web_access", "closed", "Who may read the archive by web."},
    {"tracking.tracking", SL, "scenario:tracking", "owner", "Who may see delivery reports."},
    {"use_blocklist", SD, "list", "send,create_list", "Functions whose scenarios refuse addresses of blocklist.txt first."},
    {"loop_prevention_regex", SDL, "text", "mailer-daemon|sympa|listserv|majordomo|smartlist|mailman", "Local parts of senders that are programs."},
    {"reject_mail_from_automates_feature", SL, "on|off", "on", "Whether mail from programs is refused."},
    {"remove_headers", SL, "list", "X-Sympa-To, X-Family-To, Return-Receipt-To, Precedence, X-Sequence, Disposition-Notification-To, Sender", "Fields removed when a post comes in.", true},
    {"rfc2369_header_fields", SL, "list", "help, subscribe, unsubscribe, post, owner, archive", "List-* fields to add.", true},
    {"nrcpt", S, "number", "25", "Recipients of one transaction with the MTA at most, for mail that is not sealed."},
    {"subject", L, "text", "", "One line about the list."},
    {"status", L, "open|closed|pending|error_config|family_closed", "open", "State of the list; only an open one takes posts."},
    {"anonymous_sender", L, "text", "", "Address to show instead of the author's: not possible yet, so each post to such a list is held."},
    {"creation.email", L, "text", "", "A record: who created the list."},
    {"creation.date_epoch", L, "number", "", "A record: when the list was created."},
    {"update.email", L, "text", "", "A record: who changed the list last."},
    {"update.date_epoch", L, "number", "", "A record: when the list was changed last."},
    {"serial", L, "number", "0", "A record: number of changes of the list's configuration."},
      // clang-format on
  };
  return rows;
}

std::vector<Parameter> all_rows() {
  std::vector<Parameter> rows = own_rows();
  const std::vector<Parameter>& others = sympa_parameters();
  rows.insert(rows.end(), others.begin(), others.end());
  return rows;
}

}  // namespace

const std::vector<Parameter>& parameter_table() {
  static const std::vector<Parameter> table = all_rows();
  return table;
}

}  // namespace paraph::config
