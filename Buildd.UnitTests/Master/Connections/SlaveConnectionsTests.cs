using System.Net;
using Buildd.Master.Builders;
using Buildd.Master.Connections;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.Testing.Files;
using Buildd.Testing.Servers;
using Buildd.UnitTests.Master.Scenarios;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Connections;

/// <summary>Which key a slave is shown, and what is done about files with keys that can't be used.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class SlaveConnectionsTests : IAsyncDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly RecordingLogger<SlaveConnections> _logger = new();
    private SocketSlave? _slave;
    private string? _authorization;

    public async ValueTask DisposeAsync()
    {
        if (_slave is not null)
            await _slave.DisposeAsync();
        _folder.Dispose();
    }

    [Test]
    public async Task A_slave_is_sent_the_token_of_all_builders_or_its_builder_s_own_or_what_its_address_has()
    {
        var builder = await StartAsync();
        var withOwn = builder with { TokenFile = Write("own", "own-token\n") };
        var withPassword = builder with { Url = new UriBuilder(builder.Url) { UserName = "u", Password = "p" }.Uri };
        using var none = Connections(new SlaveKeys());
        using var all = Connections(new SlaveKeys { TokenFile = Write("all", "  common-token\r\n") });

        Assert.That(await CallAsync(none, builder), Is.Empty);
        Assert.That(await CallAsync(none, withOwn), Is.EqualTo("Bearer own-token"));
        Assert.That(await CallAsync(all, builder), Is.EqualTo("Bearer common-token"));
        Assert.That(await CallAsync(all, withOwn), Is.EqualTo("Bearer own-token"));
        Assert.That(await CallAsync(all, withPassword), Is.EqualTo("Basic dTpw"));
    }

    [Test]
    public async Task Files_are_sent_for_with_the_token_too()
    {
        var builder = await StartAsync();
        _slave!.Files[WireNames.BuildLog] = "a log"u8.ToArray();
        using var connections = Connections(new SlaveKeys { TokenFile = Write("all", "common-token") });

        await using var file = await connections.Connect(builder, TimeSpan.FromSeconds(30)).OpenFileAsync(WireNames.BuildLog);

        Assert.That(_authorization, Is.EqualTo("Bearer common-token"));
    }

    [Test]
    public async Task A_token_that_has_changed_is_sent_at_once_and_one_that_can_not_be_used_does_not_replace_it()
    {
        var builder = await StartAsync() with { TokenFile = Write("token", "first") };
        using var connections = Connections(new SlaveKeys());
        var slave = connections.Connect(builder, TimeSpan.FromSeconds(30));
        await slave.StatusAsync();

        Write("token", "second");
        await slave.StatusAsync();
        Assert.That(_authorization, Is.EqualTo("Bearer second"));

        Write("token", "two words");
        await slave.StatusAsync();
        await slave.StatusAsync();
        Assert.That(_authorization, Is.EqualTo("Bearer second"));
        Assert.That(
            _logger.Entries.Select(entry => $"{entry.Message}: {entry.Exception!.Message}"), Is.EqualTo(
                [$"A key to slaves has changed and can't be used; the one before stays: '{_folder["token"]}' has to hold one token and "
                    + "nothing else: letters, digits and signs, without blanks."]));

        Write("token", "third");
        await slave.StatusAsync();
        Assert.That(_authorization, Is.EqualTo("Bearer third"));
    }

    [Test]
    public async Task Nothing_is_sent_without_the_key_that_should_be()
    {
        var builder = await StartAsync() with { TokenFile = _folder["missing"] };
        using var connections = Connections(new SlaveKeys());
        var slave = connections.Connect(builder, TimeSpan.FromSeconds(30));

        Assert.That(
            async () => await slave.StatusAsync(), Throws.TypeOf<SlaveKeyException>().With.Message.EqualTo(
                $"A key to slaves can't be used: there is no file '{_folder["missing"]}'."));
        Assert.That(_slave!.Count("status"), Is.Zero);

        Write("missing", "here");
        Assert.That((await slave.StatusAsync()).Status, Is.EqualTo(BuilderStatus.Idle));
    }

    [Test]
    public async Task Certificates_that_can_not_be_used_are_no_matter_to_plain_addresses()
    {
        var builder = await StartAsync();
        using var connections = Connections(new SlaveKeys { Authorities = _folder["missing"] });

        Assert.That(await CallAsync(connections, builder), Is.Empty);
        Assert.That(
            async () => await CallAsync(connections, builder with { Url = new Uri($"https://127.0.0.1:{builder.Url.Port}/") }),
            Throws.TypeOf<SlaveKeyException>().With.Message.Contains("there is no file"));
    }

    [TestCase("token", "TokenFile", "", "'FILE' has 0 bytes; it has to have from 1 to 1048576.")]
    [TestCase("token", "TokenFile", " \n", "'FILE' has to hold one token and nothing else")]
    [TestCase("token", "TokenFile", "t\u00e4ken", "'FILE' has to hold one token and nothing else")]
    [TestCase("open", "TokenFile", "a-token", "everybody on this machine may read or write 'FILE': chmod o= it.")]
    [TestCase("ca", "Authorities", "?", "'FILE' has no certificate in PEM form")]
    [TestCase("ca", "Authorities", "-----BEGIN CERTIFICATE-----\nMQ==\n-----END CERTIFICATE-----\n", "A certificate in 'FILE' is damaged")]
    [TestCase("key", "Key", "?", "'FILE' has no private key in PEM form")]
    [TestCase("open", "Key", "-----BEGIN PRIVATE KEY-----", "everybody on this machine may read or write 'FILE': chmod o= it.")]
    [TestCase("key", "Key", "-----BEGIN PRIVATE KEY-----\nMQ==\n-----END PRIVATE KEY-----\n", "The key in 'FILE' is damaged, or does not")]
    [TestCase("key", "Key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMQ==", "The key in 'FILE' is encrypted, and nobody is there")]
    public void A_file_that_can_not_be_used_is_named_with_the_reason(string name, string property, string content, string because)
    {
        using var certificates = new TestCertificates(_folder["tls"]);
        var good = certificates.Sign("master", TestCertificates.ClientUse);
        var path = Write(name, content);
        if (name == "open")
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        using var connections = Connections(property switch
        {
            nameof(SlaveKeys.TokenFile) => new SlaveKeys { TokenFile = path },
            nameof(SlaveKeys.Authorities) => new SlaveKeys { Authorities = path },
            _ => new SlaveKeys { Certificate = good.Certificate, Key = path },
        });

        Assert.That(
            connections.Check, Throws.TypeOf<SlaveKeyException>().With.Message.Contains(
                because.Replace("FILE", path, StringComparison.Ordinal)));
    }

    [Test]
    public void A_certificate_that_has_expired_is_named()
    {
        using var certificates = new TestCertificates(_folder["tls"]);
        var (certificate, key) = certificates.Sign("master", TestCertificates.ClientUse, -9, -2);
        using var connections = Connections(new SlaveKeys { Certificate = certificate, Key = key });

        Assert.That(
            connections.Check, Throws.TypeOf<SlaveKeyException>().With.Message.Contains($"CN=master in '{certificate}' has expired at "));
    }

    [Test]
    public void A_certificate_without_its_key_is_a_mistake_of_the_caller() =>
        Assert.That(() => Connections(new SlaveKeys { Certificate = "x" }), Throws.ArgumentException);

    [Test]
    public async Task What_a_slave_does_not_like_is_explained()
    {
        var builder = await StartAsync();
        var refused = new SlaveProtocolException("status at http://b/: answered with HTTP status 401.", HttpStatusCode.Unauthorized);
        var broken = new SlaveConnectionException("status at https://b/: the connection failed.");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                SlaveConnections.Explain(builder, refused),
                Does.StartWith("bob wants a token, and gets none or another: status at http://b/: answered with HTTP status 401. The"));
            Assert.That(
                SlaveConnections.Explain(builder with { TokenFile = "/t" }, refused),
                Does.StartWith("bob refuses the token in '/t': status"));
            Assert.That(
                SlaveConnections.Explain(builder with { Url = new Uri("http://u:p@b/") }, refused),
                Does.StartWith("bob refuses the user and password of its address: ").And.Not.Contain("u:p"));
            Assert.That(
                SlaveConnections.Explain(builder with { Url = new Uri("https://b/") }, broken), Does.Contain("look at the certificates"));
            Assert.That(SlaveConnections.Explain(builder, broken), Is.EqualTo(broken.Message));
        }
    }

    private static async Task<string?> ReadAsync(SlaveConnections connections, Builder builder) =>
        (await connections.Connect(builder, TimeSpan.FromSeconds(30)).StatusAsync()).BuilderVersion;

    private async Task<string?> CallAsync(SlaveConnections connections, Builder builder)
    {
        Assert.That(await ReadAsync(connections, builder), Is.EqualTo("1.0"));
        return _authorization;
    }

    private SlaveConnections Connections(SlaveKeys keys) => new(keys, TimeSpan.FromSeconds(30), logger: _logger);

    private async Task<Builder> StartAsync()
    {
        _slave = await SocketSlave.StartAsync();
        _slave.Instead = (_, http) =>
        {
            _authorization = http.Request.Headers.Authorization.ToString();
            return Task.FromResult(false);
        };
        return new Builder { Name = "bob", Url = _slave.Url };
    }

    private string Write(string name, string content)
    {
        File.WriteAllText(_folder[name], content);
        File.SetUnixFileMode(_folder[name], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return _folder[name];
    }
}
