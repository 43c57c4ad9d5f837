using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Buildd.Daemon.Security;
using Buildd.IntegrationTests.Support;
using Buildd.IntegrationTests.Wire;
using Buildd.Linux.Processes;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using Buildd.Testing.Servers;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Security;

/// <summary>A slave with TLS, and clients with the right certificates, the wrong ones, and none.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class TlsTests : IDisposable
{
    private const string Python = "/usr/bin/python3";
    private const string Curl = "/usr/bin/curl";

    private readonly TemporaryDirectory _folder = new();
    private readonly TestCertificates _certificates;

    public TlsTests() => _certificates = new TestCertificates(_folder["tls"]);

    public void Dispose()
    {
        _certificates.Dispose();
        _folder.Dispose();
    }

    [Test]
    public async Task Our_own_client_drives_a_build_and_reads_its_result()
    {
        await using var slave = await StartInProcessAsync();
        using var http = Client(_certificates.Sign("master", TestCertificates.ClientUse));
        var client = new SlaveClient(http, new SlaveClientOptions { Url = slave.Url });
        slave.UseClient(client);

        Assert.That(slave.Url.Scheme, Is.EqualTo("https"));
        await slave.BuildAsync("livefs");
        await slave.FinishAsync();
        await using var file = await client.OpenFileAsync((await client.StatusAsync()).FileMap!["result.txt"]);
        using var reader = new StreamReader(file.Content);
        Assert.That(await reader.ReadToEndAsync(), Is.EqualTo("a result"));
        Assert.That((await client.CleanAsync()).Status, Is.EqualTo(BuilderStatus.Idle));
    }

    [Test]
    public async Task Without_an_authority_of_clients_none_needs_a_certificate()
    {
        await using var slave = await StartAsync(asksClients: false);
        using var http = Client(null);

        Assert.That(
            (await new SlaveClient(http, new SlaveClientOptions { Url = slave.Url }).StatusAsync()).Status, Is.EqualTo(BuilderStatus.Idle));
    }

    public enum Presented
    {
        Nothing,
        SignedByAnother,
        SignedForServers,
        Expired,
        SelfSigned,
    }

    [Test]
    public async Task A_client_with_another_certificate_or_none_gets_no_answer([Values] Presented presented)
    {
        await using var slave = await StartAsync(asksClients: true);
        using var another = new TestCertificates(_folder["another"]);
        using var http = Client(presented switch
        {
            Presented.Nothing => null,
            Presented.SignedByAnother => another.Sign("master", TestCertificates.ClientUse),
            Presented.SignedForServers => _certificates.Sign("master", TestCertificates.ServerUse),
            Presented.Expired => _certificates.Sign("master", TestCertificates.ClientUse, -9, -1),
            Presented.SelfSigned => another.SignItself("master"),
            _ => throw new InvalidOperationException($"{presented}"),
        });
        var client = new SlaveClient(http, new SlaveClientOptions { Url = slave.Url });

        Assert.That(async () => await client.StatusAsync(), Throws.TypeOf<SlaveConnectionException>());

        using var good = Client(_certificates.Sign("good", TestCertificates.ClientUse));
        Assert.That(
            (await new SlaveClient(good, new SlaveClientOptions { Url = slave.Url }).StatusAsync()).Status, Is.EqualTo(BuilderStatus.Idle));
    }

    [Test]
    public async Task A_client_finds_out_that_the_slave_is_another()
    {
        await using var slave = await StartAsync(asksClients: false);
        using var another = new TestCertificates(_folder["another"]);
        using var http = Client(null, another);

        Assert.That(
            async () => await new SlaveClient(http, new SlaveClientOptions { Url = slave.Url }).StatusAsync(),
            Throws.TypeOf<SlaveConnectionException>());
    }

    [Test]
    public async Task Plain_HTTP_gets_no_answer(CancellationToken cancellationToken)
    {
        await using var slave = await StartAsync(asksClients: false);
        using var plain = await RawConnection.OpenAsync(slave.Url.Port, cancellationToken);

        await plain.SendAsync("GET /filecache/buildlog HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), cancellationToken);

        Assert.That(await plain.ReceiveAsync(false, cancellationToken), Is.Null);
    }

    [Test]
    public async Task Curl_speaks_to_it()
    {
        Machine.Require(File.Exists(Curl), Curl);
        await using var slave = await StartAsync(asksClients: true);
        var (certificate, key) = _certificates.Sign("curl", TestCertificates.ClientUse);
        Command with = Command.Of(
            Curl, "-sS", "--cacert", _certificates.AuthorityPath, "--http2", "-o", "/dev/null", "-w", "%{http_code} %{http_version}",
            $"{slave.Url}filecache/none");

        Assert.That(await ProcessRunner.CaptureAsync(with.With(["--cert", certificate, "--key", key])), Is.EqualTo("404 1.1"));
        Assert.That((await ProcessRunner.RunAsync(with, _ => { })).ExitCode, Is.Not.Zero);
    }

    [Test]
    public async Task Python_s_own_client_speaks_to_it()
    {
        Machine.Require(File.Exists(Python), Python);
        await using var slave = await StartAsync(asksClients: true);
        var (certificate, key) = _certificates.Sign("python", TestCertificates.ClientUse);
        const string Script =
            """
            import ssl, sys, xmlrpc.client
            url, authority, certificate, key = sys.argv[1:]
            context = ssl.create_default_context(cafile=authority)
            try: print(xmlrpc.client.ServerProxy(url + 'rpc', context=context).status())
            except (ssl.SSLError, ConnectionError) as e: print('refused')
            context.load_cert_chain(certificate, key)
            slave = xmlrpc.client.ServerProxy(url + 'rpc', context=context)
            print(slave.status()['builder_status'])
            print(slave.echo('x' * 100000) == ['x' * 100000])
            """;

        Assert.That(
            await ProcessRunner.CaptureAsync(
                Command.Of(Python, "-c", Script, slave.Url.ToString(), _certificates.AuthorityPath, certificate, key)),
            Is.EqualTo("refused\nBuilderStatus.IDLE\nTrue\n"));
    }

    [Test]
    public async Task A_new_certificate_is_taken_on_SIGHUP(CancellationToken cancellationToken)
    {
        await using var slave = await StartAsync(asksClients: false);
        var before = await SerialNumberAsync(slave.Url, cancellationToken);

        _certificates.Sign("server", TestCertificates.ServerUse);
        Assert.That(await SerialNumberAsync(slave.Url, cancellationToken), Is.EqualTo(before), "not yet");
        await slave.SignalAsync("HUP");

        await Until.TrueAsync(async () => await SerialNumberAsync(slave.Url, cancellationToken) != before);
    }

    private async Task<string> SerialNumberAsync(Uri url, CancellationToken cancellationToken)
    {
        using var connection = new System.Net.Sockets.TcpClient();
        await connection.ConnectAsync(url.Host, url.Port, cancellationToken);
        await using var tls = new SslStream(connection.GetStream());
        await tls.AuthenticateAsClientAsync(Trusting(_certificates), cancellationToken);
        return tls.RemoteCertificate!.GetSerialNumberString();
    }

    /// <summary>Starts the published program.</summary>
    private Task<SlaveDaemon> StartAsync(bool asksClients)
    {
        var (certificate, key) = _certificates.Sign("server", TestCertificates.ServerUse);
        return SlaveDaemon.StartWithAsync(
            $"[security]\ntls-certificate = {certificate}\ntls-key = "
                + $"{key}\n{(asksClients ? $"client-ca = {_certificates.AuthorityPath}" : "")}");
    }

    /// <summary>Starts a slave whose builds are scripted, which the published program's are not.</summary>
    private Task<SlaveInProcess> StartInProcessAsync()
    {
        var (certificate, key) = _certificates.Sign("server", TestCertificates.ServerUse);
        return SlaveInProcess.StartAsync(new SecurityOptions
        {
            Tls = new TlsOptions { CertificatePath = certificate, KeyPath = key, ClientCaPath = _certificates.AuthorityPath },
        });
    }

    private HttpClient Client((string Certificate, string Key)? own, TestCertificates? trusted = null)
    {
        var options = Trusting(trusted ?? _certificates);
        if (own is { } pair)
            options.ClientCertificateContext =
                SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(pair.Certificate, pair.Key), null, offline: true);
        return new HttpClient(new SocketsHttpHandler { SslOptions = options }) { Timeout = Timeout.InfiniteTimeSpan };
    }

    private static SslClientAuthenticationOptions Trusting(TestCertificates certificates)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(certificates.Authority);
        return new SslClientAuthenticationOptions { CertificateChainPolicy = policy, TargetHost = "127.0.0.1" };
    }
}
