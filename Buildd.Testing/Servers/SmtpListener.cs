using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Buildd.Testing.Servers;

/// <summary>A mail server on a free port of this machine that keeps what it is given (RFC 5321, as far as clients go here).</summary>
public sealed class SmtpListener : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<ReceivedMail> _received = [];
    private readonly List<string> _inTheClear = [];
    private readonly Task _serving;

    public SmtpListener()
    {
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _serving = ServeAsync();
    }

    public int Port { get; }

    /// <summary>What it answers to recipients; <c>250 OK</c> unless a test wants another.</summary>
    public string RecipientReply { get; init; } = "250 OK";

    /// <summary>Whether it takes connections and never says a word.</summary>
    public bool IsSilent { get; init; }

    /// <summary>What it shows for TLS, which it then offers; null for none.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Whether it speaks TLS from the first byte on.</summary>
    public bool BeginsWithTls { get; init; }

    /// <summary>The user and password that it wants before it takes mail; null for none.</summary>
    public (string User, string Password)? Account { get; init; }

    /// <summary>The commands that came before the connection was encrypted.</summary>
    public IReadOnlyList<string> InTheClear
    {
        get
        {
            lock (_received)
                return [.. _inTheClear];
        }
    }

    public IReadOnlyList<ReceivedMail> Received
    {
        get
        {
            lock (_received)
                return [.. _received];
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await ((Task)_serving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        _listener.Dispose();
    }

    private async Task ServeAsync()
    {
        var sessions = new List<Task>();
        while (!_stop.IsCancellationRequested)
            sessions.Add(TalkAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        await Task.WhenAll(sessions);
    }

    private async Task TalkAsync(TcpClient client)
    {
        using var closing = client;
        Stream stream = client.GetStream();
        if (BeginsWithTls && !await EncryptAsync())
            return;
        var reader = new StreamReader(stream, Encoding.Latin1);
        if (IsSilent)
            await Task.Delay(Timeout.Infinite, _stop.Token);
        await SayAsync("220 test");
        var (from, to, isKnown) = ("", new List<string>(), Account is null);
        while (await reader.ReadLineAsync(_stop.Token) is { } line)
        {
            if (stream is not SslStream)
            {
                lock (_received)
                    _inTheClear.Add(line);
            }

            var verb = line.Split(' ', ':')[0].ToUpperInvariant();
            switch (verb)
            {
                case "EHLO":
                    if (Certificate is not null && stream is not SslStream)
                        await SayAsync("250-STARTTLS");
                    if (Account is not null)
                        await SayAsync("250-AUTH PLAIN");
                    await SayAsync("250 OK");
                    break;
                case "STARTTLS":
                    await SayAsync("220 go on");
                    if (!await EncryptAsync())
                        return;
                    reader = new StreamReader(stream, Encoding.Latin1);
                    break;
                case "AUTH":
                    isKnown = Account is var (user, password)
                        && line == $"AUTH PLAIN {Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{user}\0{password}"))}";
                    await SayAsync(isKnown ? "235 welcome" : "535 who are you?");
                    break;
                case "MAIL" when !isKnown:
                    await SayAsync("530 who are you?");
                    break;
                case "MAIL":
                    from = line;
                    await SayAsync("250 OK");
                    break;
                case "RCPT":
                    to.Add(line);
                    await SayAsync(RecipientReply);
                    break;
                case "DATA":
                    await SayAsync("354 go on");
                    var text = new StringBuilder();
                    while (await reader.ReadLineAsync(_stop.Token) is { } data and not ".")
                        text.Append(data.StartsWith('.') ? data[1..] : data).Append('\n');
                    lock (_received)
                        _received.Add(new ReceivedMail(from, [.. to], text.ToString()));
                    (from, to) = ("", []);
                    await SayAsync("250 taken");
                    break;
                case "QUIT":
                    await SayAsync("221 bye");
                    return;
                default:
                    await SayAsync("250 OK");
                    break;
            }
        }

        async Task<bool> EncryptAsync()
        {
            var tls = new SslStream(stream);
            stream = tls;
            try
            {
                await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = Certificate }, _stop.Token);
                return true;
            }
            catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
            {
                return false; // the client does not trust us
            }
        }

        async Task SayAsync(string reply) => await stream.WriteAsync(Encoding.ASCII.GetBytes(reply + "\r\n"), _stop.Token);
    }
}

/// <summary>A mail as it came over the wire.</summary>
/// <param name="From">The command that said who it is from.</param>
/// <param name="To">The commands that said who it is for.</param>
/// <param name="Text">Head and body.</param>
public sealed record ReceivedMail(string From, IReadOnlyList<string> To, string Text)
{
    /// <summary>The head's fields, continuations joined.</summary>
    public ILookup<string, string> Headers => Text[..Text.IndexOf("\n\n", StringComparison.Ordinal)]
        .Replace("\n ", " ", StringComparison.Ordinal).Replace("\n\t", " ", StringComparison.Ordinal).Split('\n')
        .Select(line => line.Split(": ", 2))
        .ToLookup(parts => parts[0], parts => parts.Length > 1 ? parts[1] : "", StringComparer.OrdinalIgnoreCase);

    /// <summary>The mail as a program of its receiver reads it.</summary>
    public Task<MimeKit.MimeMessage> ReadAsync() => MimeKit.MimeMessage.LoadAsync(new MemoryStream(Encoding.Latin1.GetBytes(Text)));

    /// <summary>What follows the head, as it came.</summary>
    public string Body => Text[(Text.IndexOf("\n\n", StringComparison.Ordinal) + 2)..];
}
