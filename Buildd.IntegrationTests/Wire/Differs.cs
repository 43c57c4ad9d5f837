using System.Text;
using Buildd.Testing.Wire;

namespace Buildd.IntegrationTests.Wire;

/// <summary>Where our answers to the recorded requests differ from the reference's on purpose, and why. Nothing else may differ.</summary>
internal static class Differs
{
    private const string Nameless = "The reference answers HTTP 500 with a page of HTML, which no client can read; ours is a fault.";

    private const string Stuck = "The reference is BUILDING with nothing running, and an abort never ends; a call that is refused changes nothing.";

    private const string Unsanitised = "There is no log with the secrets in it.";

    private const string LineEnd = "A message of the slave's own is a line of its own.";

    private const string Modern =
        "A server says which version it speaks itself (RFC 9110 section 2.5) and that it closes; clients of HTTP/1.0 take both.";

    private const string Refused = "The same refusal, with the fields that a client needs to read it: no body, and the end of the connection.";

    private const string TooMuch = "A status that says what was too much; the same limit.";

    private const string NotServed = "Only sums and the log are served: whatever else lies in the folder was not put there for a client.";

    private const string NotListed = "Whoever can list a cache needs to know no sum to read a private archive's files; EndpointOptions.FileListing lists what is served.";

    /// <summary>All but the version in the status line and the field Connection.</summary>
    private const Parts Otherwise = Parts.Body | Parts.Connection;

    private const Parts Refusal = Parts.StatusLine | Parts.Body | Parts.Connection;

    private const string Closes = "Connection: close\nContent-Length: 0\n";

    private const string NoSuchFile = "<p>File not found.</p>";

    private const string NoSum = "The reference takes any path for a sum, and so tells what other files there are.";

    private const string NotASum = "Not the 40 hexadecimal digits of a SHA-1";

    /// <summary>By the name of the exchange; the names of a prefix stand together.</summary>
    private static readonly Dictionary<string, Difference> Table = new()
    {
        // echo-
        ["echo-doctype-entity"] = new("Entities can expand to gigabytes; no client declares any.", "document type declarations are refused"),

        // fault-
        ["fault-no-method-name"] = new(Nameless, "the call has no method name"),
        ["fault-empty-method-name"] = new(Nameless, "the call has no method name"),
        ["fault-method-response-sent"] = new(Nameless, "the call has no method name"),
        ["fault-clean-file-gone"] = new("The reference can then never be cleaned again; a result that is gone needs no removing.", "BuilderStatus.IDLE"),

        // build-, status-, abort-: what a build leaves behind
        ["status-after-bad-args"] = new(Stuck, "BuilderStatus.IDLE"),
        ["abort-stuck"] = new(Stuck, "<string>error</string>"),
        ["status-stuck-aborting"] = new(Stuck, "BuilderStatus.IDLE"),
        ["status-after-signal-death"] = new("The reference stays BUILDING for ever; the master should know that the build is over.", "BuildStatus.BUILDERFAIL"),
        ["status-after-build-while-waiting"] = new("A call that is refused changes nothing; the reference renames the build.", "PACKAGEBUILD-1")
        {
            Turned = recorded => recorded.Replace("PACKAGEBUILD-3", "PACKAGEBUILD-1", StringComparison.Ordinal),
        },
        ["status-after-clean-file-gone"] = new("As fault-clean-file-gone: it was cleaned.", "BuilderStatus.IDLE"),
        ["status-building-extra-overflow"] = new("An extra member that can't be written is left out, rather than hiding the builder's state.", "BuilderStatus.BUILDING"),

        // filecache-buildlog-: logs
        ["filecache-input-shared-with-result"] = new("The master was told that the input is there; clean removes results only.", Scenarios.StandIns.Orig)
        {
            Turned = _ => Scenarios.StandIns.Orig,
        },
        ["filecache-buildlog-private-building"] = new(Unsanitised, "Get:1 http://private.example/")
        {
            // What is left of it without the secrets is in the recording of the same log when the build had ended.
            Turned = recorded => Before(recorded, "Get:1 ") + "Get:1 " + Before(After(Recorded("filecache-buildlog-private-waiting"), "Get:1 "), "[Fri"),
        },
        ["filecache-buildlog-private-waiting"] = new(LineEnd + " The reference's log also ends where the cleaning up began.", "newline\n[")
        {
            Turned = recorded => recorded.Replace("newline[", "newline\n[", StringComparison.Ordinal) + "stub: remove-build\n",
        },
        ["status-building-private-long"] = new("The tail is taken of what is left without the secrets, so that more of it has room.", "line 0015 ")
        {
            Turned = recorded => recorded.Replace(
                ">line 0025 ",
                ">" + string.Concat(Enumerable.Range(15, 10).Select(n => $"line {n:d4} http://private.example/ubuntu/pool\n")) + "line 0025 ",
                StringComparison.Ordinal),
        },
        ["filecache-buildlog-unsanitized-waiting"] = new(Unsanitised, NoSuchFile, 404),
        ["filecache-buildlog-unsanitized-after-clean"] = new(Unsanitised, NoSuchFile, 404),
        ["filecache-buildlog-aborting"] = new(LineEnd, "asked to abort\n") { Turned = recorded => recorded + "\n" },
        ["filecache-buildlog-aborted"] = new(LineEnd, "asked to abort\n")
        {
            Turned = recorded => recorded.Replace("asked to abort[", "asked to abort\n[", StringComparison.Ordinal),
        },

        // http-
        ["http-10"] = new(Modern, "Connection: close", Same: Otherwise),
        ["http-10-no-host"] = new(Modern, "Connection: close", Same: Otherwise),
        ["http-10-keepalive"] = new(Modern, "Connection: close", Same: Otherwise),
        ["http-client-twisted-proxy"] = new(Modern, "Connection: close", Same: Otherwise),
        ["http-version-odd"] = new("No client speaks SPDY/9; the reference answers whatever a request calls its version.", Closes, 400, Parts.Connection),
        ["http-09"] = new(Refused, Closes, 400, Refusal),
        ["http-bad-header"] = new(Refused, Closes, 400, Refusal),
        ["http-bad-request-line"] = new(Refused, Closes, 400, Refusal),
        ["http-chunked-bad"] = new(Refused, Closes, 400, Refusal),
        ["http-length-garbage"] = new(Refused, Closes, 400, Refusal),
        ["http-length-negative"] = new(Refused, Closes, 400, Refusal),
        ["http-te-gzip"] = new(Refused, Closes, 400, Refusal),
        ["http-header-fold"] = new("Folded lines are obsolete, and a server may refuse them (RFC 9112 section 5.2); no client sends them.", Closes, 400),
        ["http-lf-only"] = new("A bare LF may be taken as a line's end (RFC 9112 section 2.2); the reference leaves such a client waiting for ever.", "<value><string>x</string></value>", Same: Parts.Connection),
        ["http-header-too-long"] = new(TooMuch, Closes, 431, Parts.Connection),
        ["http-headers-too-big"] = new(TooMuch, Closes, 431, Otherwise),
        ["http-headers-too-many"] = new(TooMuch, Closes, 431, Otherwise),
        ["http-uri-too-long"] = new(TooMuch, Closes, 414, Parts.Connection),
        ["http-head-rpc"] = new("The reference breaks; HEAD is a method like GET that calls do not have.", "Allow: POST", 405, Otherwise),
        ["http-multipart-bad"] = new("The content type of a call is not looked at, and so not taken apart either.", "<value><string>x</string></value>"),

        // filecache-
        ["filecache-get-10"] = new(Modern, "Connection: close", Same: Otherwise),
        ["filecache-range-suffix-too-long"] = new("The reference breaks; the whole file is what RFC 9110 section 14.1.2 wants.", "Content-Range: bytes 0-50/51", 206, Parts.Connection),
        ["filecache-listing"] = new(NotListed, NoSuchFile, 404, Parts.Connection),
        ["filecache-listing-head"] = new(NotListed, "Content-Length: 145", 404, Otherwise),
        ["filecache-listing-subdir"] = new(NotServed, NoSuchFile, 404, Parts.Connection),
        ["filecache-type-gz"] = new(NotServed, NoSuchFile, 404, Parts.Connection),
        ["filecache-type-html-encoded-name"] = new(NotServed, NoSuchFile, 404, Parts.Connection),
        ["filecache-symlink"] = new("Links are not followed: they lead out of the cache.", NoSuchFile, 404, Parts.Connection),
        ["filecache-dot-encoded-inside"] = new("An encoded slash is part of a name and no separator, so there is no such name.", NoSuchFile, 404, Parts.Connection),
        ["filecache-traversal-nul"] = new("The reference breaks; no path has a NUL in it, and a request with one is malformed.", Closes, 400),

        // ensurepresent-
        ["ensurepresent-data-url"] = new("A file comes from a server, or it needs no slave to fetch it.", "&lt;urlopen error unknown url type: data&gt;"),
        ["ensurepresent-file-url"] = new("Whoever reaches the port could read this machine's files. The text is free.", "&lt;urlopen error unknown url type: file&gt;"),
        ["ensurepresent-name-absolute"] = new(NoSum, NotASum),
        ["ensurepresent-name-relative"] = new(NoSum, NotASum),
        ["ensurepresent-name-empty"] = new(NoSum, NotASum),
        ["ensurepresent-not-http"] = new("The text is free; the reference repeats what the server sent.", "Error accessing Librarian: the server does not speak HTTP"),
        ["ensurepresent-url-int"] = new("It is the caller's mistake, as with a sum that is no string.", "<int>8002</int>"),
        ["ensurepresent-reset"] = new(
            "The reference faults and leaves what it has; ours is the answer that other failed downloads get, and nothing is left.",
            "Error accessing Librarian: &lt;urlopen error [Errno 104] Connection reset by peer&gt;"),
    };

    /// <summary>The names of all exchanges that differ.</summary>
    internal static IReadOnlyCollection<string> Names => Table.Keys;

    /// <summary>Does our answer differ on purpose?</summary>
    internal static bool Contains(string name) => Table.ContainsKey(name);

    /// <summary>What our answer is instead.</summary>
    internal static Difference Get(string name) => Table[name];

    private static string Recorded(string name) => Encoding.Latin1.GetString(WireCase.Get(name).ResponseBody);

    private static string Before(string text, string mark) => text[..text.IndexOf(mark, StringComparison.Ordinal)];

    private static string After(string text, string mark) => text[(text.IndexOf(mark, StringComparison.Ordinal) + mark.Length)..];

    /// <param name="Reason">Why ours is the better answer, or why nobody can notice.</param>
    /// <param name="Ours">A text in our answer.</param>
    /// <param name="Status">Our status.</param>
    /// <param name="Same">What is the reference's all the same.</param>
    internal sealed record Difference(string Reason, string Ours, int Status = 200, Parts Same = Parts.None)
    {
        /// <summary>Makes our body of the reference's, where that can be told: then nothing else of it may differ.</summary>
        internal Func<string, string>? Turned { get; init; }
    }
}

/// <summary>The parts of an answer that are compared.</summary>
[Flags]
internal enum Parts
{
    None = 0,
    StatusLine = 1,
    Fields = 2,
    Body = 4,
    Connection = 8,
    All = StatusLine | Fields | Body | Connection,
}
