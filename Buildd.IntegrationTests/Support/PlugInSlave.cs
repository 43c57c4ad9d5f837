using System.Security.Cryptography;
using System.Text;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Testing.Files;
using Buildd.Testing.Programs;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Support;

/// <summary>The published <c>buildd-slave</c> with a configuration file and a folder of plug-ins that are shell scripts.</summary>
internal sealed class PlugInSlave : IAsyncDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly HttpClient _http = new();
    private SlaveDaemon? _daemon;

    internal PlugInSlave()
    {
        foreach (var name in (string[])["filecache", "home", "backends.d", "bin"])
            Directory.CreateDirectory(_folder[name]);
        File.WriteAllText(
            ConfigurationPath,
            $"[builder]\narchitecturetag = riscv64\nfilecache = {_folder["filecache"]}\nworkpath = {_folder["home"]}\n"
            + $"bindhost = 127.0.0.1\nbindport = 0\nbackends = {_folder["backends.d"]}\n");
    }

    internal string ConfigurationPath => _folder["buildd.conf"];

    internal string BackendsDirectory => _folder["backends.d"];

    internal string HomeDirectory => _folder["home"];

    internal Uri Url => _daemon!.Url;

    internal SlaveClient Client => new(_http, new SlaveClientOptions { Url = Url });

    /// <summary>A file of the test's own, out of the build's way.</summary>
    internal string this[string name] => _folder[name];

    /// <summary>Writes a script and the file that makes it a kind of build.</summary>
    internal void Add(string tag, string script, string more = "")
    {
        var command = _folder[$"bin/{tag}"];
        Executable.WriteAsync(command, "#!/bin/sh\n" + script).GetAwaiter().GetResult();
        File.WriteAllText(Path.Combine(BackendsDirectory, tag + ".conf"), $"[backend]\ntag = {tag}\ncommand = {command}\n{more}");
    }

    internal async Task StartAsync() => _daemon = await SlaveDaemon.StartInAsync(_folder.Path);

    /// <summary>Starts the only plug-in's slave and a build of it, and waits until it has ended.</summary>
    internal async Task<StatusReply> RunAsync(string script, string more = "")
    {
        Add("test", script, more);
        await StartAsync();
        await BuildAsync("test");
        return await WaitAsync();
    }

    /// <summary>Starts a build; the files are put into the cache first.</summary>
    internal Task BuildAsync(string tag, XmlRpcStruct? arguments = null, params (string Name, string Content)[] files) =>
        BuildAsync(Client, tag, arguments, files);

    internal async Task BuildAsync(
        ISlaveClient client, string tag, XmlRpcStruct? arguments = null, params (string Name, string Content)[] files)
    {
        var reply = await client.BuildAsync(new BuildCall
        {
            BuildId = "PLUGIN-1",
            Builder = tag,
            ChrootSha1 = Put("stands for a chroot"),
            FileMap = files.ToDictionary(file => file.Name, file => Put(file.Content)),
            Arguments = arguments ?? new XmlRpcStruct { ["series"] = "bookworm" },
        });
        Assert.That(reply.Answer, Is.EqualTo(BuildAnswer.Building), reply.Text);
    }

    /// <summary>Waits until the build has ended.</summary>
    internal Task<StatusReply> WaitAsync() => UntilAsync(Client, status => status.Status == BuilderStatus.Waiting);

    /// <summary>Waits until the log has some text in its last part.</summary>
    internal Task HeardAsync(string text) =>
        UntilAsync(Client, status => Encoding.UTF8.GetString((status.LogTail ?? default).Span).Contains(text, StringComparison.Ordinal));

    internal static Task<StatusReply> UntilAsync(ISlaveClient client, Func<StatusReply, bool> condition) =>
        Until.SeenAsync(() => client.StatusAsync(), condition);

    internal Task<string> LogAsync() => _http.GetStringAsync(new Uri(Url, "filecache/buildlog"));

    internal Task<string> ReadAsync(StatusReply status, string name) =>
        _http.GetStringAsync(new Uri(Url, $"filecache/{status.FileMap![name]}"));

    public async ValueTask DisposeAsync()
    {
        if (_daemon is not null)
            await _daemon.DisposeAsync();
        _http.Dispose();
        _folder.Dispose();
    }

    private string Put(string content)
    {
        var sha1 = Convert.ToHexStringLower(CryptographicOperations.HashData(HashAlgorithmName.SHA1, Encoding.UTF8.GetBytes(content)));
        File.WriteAllText(_folder[$"filecache/{sha1}"], content);
        return sha1;
    }
}
