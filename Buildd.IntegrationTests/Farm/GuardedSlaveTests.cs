using Buildd.Daemon.Security;
using Buildd.Farm;
using Buildd.IntegrationTests.Wire;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;
using Buildd.Testing.Files;
using Buildd.Testing.Packages;
using Buildd.Testing.Runs;
using Buildd.Testing.Servers;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Farm;

/// <summary>The farm's keys to slaves' locks: tokens, TLS and certificates, right and wrong.</summary>
[Parallelizable(ParallelScope.Self)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(300_000)]
public sealed class GuardedSlaveTests : IAsyncDisposable
{
    private const string Token = "0123456789-abcdef";

    private readonly TemporaryDirectory _folder = new();
    private readonly TestCertificates _certificates;
    private FarmProgram? _farm;

    public GuardedSlaveTests() => _certificates = new TestCertificates(_folder["tls"]);

    public async ValueTask DisposeAsync()
    {
        if (_farm is not null)
            await _farm.DisposeAsync();
        _certificates.Dispose();
        _folder.Dispose();
    }

    [Test]
    public async Task A_slave_that_wants_a_token_builds_for_the_farm_that_has_it([Values] bool isOwn)
    {
        var path = Write("token", Token);
        _farm = new FarmProgram(isOwn ? "" : $"Builder-Token-File: {path}\n");
        var dsc = await _farm.PrepareAsync();
        await _farm.AddSlaveAsync(
            "bob", Script, new SecurityOptions { TokenFile = path }, isOwn ? ["--token-file", path] : []);
        await using var run = await _farm.StartAsync();

        await RequireBuiltAsync(dsc);
        var listed = (await _farm.DoAsync("builders", "list", "--json")).Output;
        Assert.That(listed, Does.Contain($"\"token_file\": {(isOwn ? $"\"{path}\"" : "null")}").And.Not.Contain(Token));
        Assert.That(run.Output, Does.Not.Contain(Token));
        Assert.That(Directory.GetFiles(_farm["state"], "farm.sqlite*").Select(File.ReadAllText), Has.None.Contains(Token));
    }

    [Test]
    public async Task A_slave_with_TLS_that_wants_a_certificate_and_a_token_builds_for_the_farm_that_has_them()
    {
        var path = Write("token", Token);
        var (certificate, key) = _certificates.Sign("master", TestCertificates.ClientUse);
        _farm = new FarmProgram(
            $"Builder-Ca: {_certificates.AuthorityPath}\nClient-Certificate: {certificate}\nClient-Key: {key}\n"
                + $"Builder-Token-File: {path}\n");
        var dsc = await _farm.PrepareAsync();
        var slave = await _farm.AddSlaveAsync("bob", Script, Tls() with { TokenFile = path });
        await using var run = await _farm.StartAsync();

        Assert.That(slave.Url.Scheme, Is.EqualTo("https"));
        await RequireBuiltAsync(dsc);
    }

    [Test]
    public async Task A_wrong_token_is_said_by_check_and_by_the_builder_which_is_out_of_service_and_not_asked_any_more()
    {
        var path = Write("wrong", "wrong-token-0123456789");
        _farm = new FarmProgram();
        await _farm.AddSlaveAsync(
            "bob", Script, new SecurityOptions { TokenFile = Write("token", Token) }, "--token-file", path);
        var (code, output) = await _farm.DoAsync("builders", "check");
        Assert.That(code, Is.EqualTo(FarmExitCode.NotWell));
        Assert.That(output, Does.Contain($"bob refuses the token in '{path}': info at ").And.Contain("HTTP status 401"));
        await using var run = await _farm.StartAsync();

        await Until.TrueAsync(
            async () => (await _farm.DoAsync("builders", "list")).Output.Contains("out of service", StringComparison.Ordinal));

        Assert.That((await _farm.DoAsync("builders", "list")).Output, Does.Contain($"bob refuses the token in '{path}': status at "));
        var said = run.Output.Length;
        await _farm.DoAsync("queue"); // the time of some looks
        Assert.That(run.Output[said..], Does.Not.Contain("401"));
        Assert.That(run.Output, Does.Not.Contain("wrong-token-0123456789"));

        Write("wrong", Token);
        await _farm.DoAsync("builders", "set", "bob", "--in-service", "yes");
        await Until.TrueAsync(async () => (await _farm.DoAsync("builders", "list")).Output.Contains(" clean", StringComparison.Ordinal));
    }

    [Test]
    public async Task Without_the_certificate_that_a_slave_wants_or_with_another_authority_check_says_where_to_look([Values] bool isTrusted)
    {
        using var others = new TestCertificates(_folder["others"]);
        var (certificate, key) = others.Sign("master", TestCertificates.ClientUse);
        _farm = new FarmProgram(isTrusted
            ? $"Builder-Ca: {_certificates.AuthorityPath}\nClient-Certificate: {certificate}\nClient-Key: {key}\n"
            : $"Builder-Ca: {others.AuthorityPath}\n");
        await _farm.AddSlaveAsync("bob", Script, Tls());

        var (code, output) = await _farm.DoAsync("builders", "check");

        Assert.That(code, Is.EqualTo(FarmExitCode.NotWell), output);
        Assert.That(output, Does.Contain("If the slave of bob is up, look at the certificates"));
        if (!isTrusted)
            Assert.That(output, Does.Contain("certificate").And.Not.Contain("see inner exception.)"));
    }

    [Test]
    public async Task A_certificate_that_is_exchanged_while_run_runs_is_shown_to_slaves()
    {
        var (certificate, key) = _certificates.Sign("master", TestCertificates.ClientUse);
        _farm = new FarmProgram($"Builder-Ca: {_certificates.AuthorityPath}\nClient-Certificate: {certificate}\nClient-Key: {key}\n");
        var dsc = await _farm.PrepareAsync();
        await using var run = await _farm.StartAsync();

        await File.WriteAllTextAsync(key, "half a key");
        await _farm.AddSlaveAsync("bob", Script, Tls());
        await run.SaysAsync("A key to slaves has changed and can't be used; the one before stays");
        _certificates.Sign("master", TestCertificates.ClientUse);

        await RequireBuiltAsync(dsc);
    }

    [TestCase("Builder-Token-File: none\n", "there is no file '")]
    [TestCase("Builder-Token-File: open\n", "everybody on this machine may read or write '")]
    [TestCase("Builder-Ca: open\n", "has no certificate in PEM form")]
    public async Task A_key_that_can_not_be_used_keeps_run_from_starting_and_is_said_by_check(string field, string because)
    {
        _farm = new FarmProgram(field);
        await File.WriteAllTextAsync(_farm["open"], Token);
        await _farm.AddSlaveAsync("bob", Script);

        var ran = await _farm.DoAsync("run");
        var (_, output) = await _farm.DoAsync("builders", "check");

        Assert.That((ran.Code, ran.Output), Is.EqualTo((FarmExitCode.BadConfiguration, ran.Output)));
        Assert.That(ran.Output, Does.StartWith("run: slaves can't be reached as the configuration says: ").And.Contain(because));
        if (field.Contains("Token", StringComparison.Ordinal)) // an address without TLS needs no authority
            Assert.That(output, Does.Contain(because));
    }

    [Test]
    public async Task A_token_file_that_can_not_be_used_is_refused_when_a_builder_is_added()
    {
        _farm = new FarmProgram();
        var open = Write("open", Token);
        File.SetUnixFileMode(open, UnixFileMode.UserRead | UnixFileMode.OtherRead);

        var added = await _farm.DoAsync("builders", "add", "bob", "http://127.0.0.1:1/", "--token-file", open);
        var both = await _farm.DoAsync("builders", "add", "bob", "http://u:p@127.0.0.1:1/", "--token-file", Write("token", Token));

        Assert.That(added, Is.EqualTo((
            FarmExitCode.Failed,
            $"add: A key to slaves can't be used: everybody on this machine may read or write '{open}': chmod o= it.\n")));
        Assert.That((both.Code, both.Output), Is.EqualTo((FarmExitCode.Usage, both.Output)));
        Assert.That(both.Output, Does.Contain("only one of them can be sent"));
        Assert.That((await _farm.DoAsync("builders", "list", "--json")).Output.Trim(), Is.EqualTo("[]"));
    }

    private static void Script(ScriptedBackend backend) => backend.Script = async (context, abort) =>
    {
        context.Log.WriteLine("building hello");
        foreach (var path in Directory.GetFiles(UploadLeaf.MakeGood(Path.Combine(context.Directory, "made")).Path))
            await context.AddResultAsync(path, null, abort);
        return new BuildOutcome(BuildStatus.Ok);
    };

    private SecurityOptions Tls()
    {
        var (certificate, key) = _certificates.Sign("server", TestCertificates.ServerUse);
        return new SecurityOptions
        {
            Tls = new TlsOptions { CertificatePath = certificate, KeyPath = key, ClientCaPath = _certificates.AuthorityPath },
        };
    }

    /// <summary>A build is done, with its log and results, and the slave answers a check.</summary>
    private async Task RequireBuiltAsync(string dsc)
    {
        var (code, output) = await _farm!.DoAsync("build", dsc, "--wait");
        Assert.That(code, Is.Zero, output);
        Assert.That(output, Does.Contain("building hello"));
        Assert.That(File.Exists(Path.Combine(_farm.Accepted(1), UploadLeaf.DebName)));
        var check = await _farm.DoAsync("builders", "check");
        Assert.That(check.Code, Is.Zero, check.Output);
    }

    private string Write(string name, string content)
    {
        File.WriteAllText(_folder[name], content + "\n");
        File.SetUnixFileMode(_folder[name], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return _folder[name];
    }
}
