using Buildd.Backends.Limits;
using Buildd.Backends.PlugIn;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave.Builds;
using Buildd.Slave.Logs;
using Buildd.Testing.Files;
using Buildd.Testing.Programs;

namespace Buildd.UnitTests.Backends.PlugIn;

/// <summary>A build of a plug-in that is a shell script, with a folder, a log and a clock of its own.</summary>
internal sealed class PlugInBench : IBuildContext, IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly Lock _lock = new();
    private readonly List<string> _phases = [];
    private XmlRpcStruct _members = [];

    internal PlugInBench(TimeProvider? time = null)
    {
        Time = time ?? TimeProvider.System;
        Directory = System.IO.Directory.CreateDirectory(_folder["build-PLUGIN-1"]).FullName;
        Log = new BuildLog(LogFile.Create(_folder["log"], _folder.Path, new BuildLogOptions()), [], Time);
    }

    public BuildRequest Request { get; set; } = new()
    {
        BuildId = "PLUGIN-1",
        ChrootPath = "/cache/chroot",
        Files = new Dictionary<string, string>(),
        Arguments = new XmlRpcStruct { ["series"] = "bookworm" },
        DefaultArchitecture = "riscv64",
    };

    public string Directory { get; }

    public BuildLog Log { get; }

    public TimeProvider Time { get; }

    internal string Work => Path.Combine(Directory, "work");

    internal string Results => Path.Combine(Directory, "results");

    internal string LogText => File.ReadAllText(_folder["log"]);

    /// <summary>The results, name and content, in the order they were added.</summary>
    internal List<(string Name, string Content)> Added { get; } = [];

    /// <summary>What happens when a result is added, beside its being noted.</summary>
    internal Action<string> OnResult { get; set; } = _ => { };

    internal IReadOnlyList<string> Phases => _phases;

    internal IReadOnlyDictionary<string, XmlRpcValue> Members
    {
        get
        {
            lock (_lock)
                return _members;
        }
    }

    internal string? Cause => Members.TryGetValue("failure_cause", out var cause) ? ((XmlRpcString)cause).Value : null;

    /// <summary>What every build may use.</summary>
    internal BuildLimits Limits { get; set; } = new();

    /// <summary>Whether it reaches the network.</summary>
    internal bool? Network { get; set; }

    internal string this[string name] => _folder[name];

    /// <summary>Runs a script as the plug-in.</summary>
    internal async Task<BuildOutcome> RunAsync(
        string script, TimeSpan timeout = default, TimeSpan stallTimeout = default, CancellationToken abort = default)
    {
        await Executable.WriteAsync(_folder["plug-in"], "#!/bin/sh\n" + script);
        var options = new PlugInOptions
        {
            Tag = "test",
            Command = _folder["plug-in"],
            Timeout = timeout,
            StallTimeout = stallTimeout,
            Limits = Limits,
            Network = Network,
        };
        return await new PlugInBackend(options).Prepare(Request).RunAsync(this, abort);
    }

    public Task<string> AddResultAsync(string path, string? name, CancellationToken cancellationToken)
    {
        OnResult(name!);
        Added.Add((name!, File.ReadAllText(path)));
        return Task.FromResult(path);
    }

    public void EnterPhase(string phase) => _phases.Add(phase);

    public void SetStatusMember(string name, XmlRpcValue value) =>
        SetStatusMembers(new XmlRpcStruct { [name] = value }, new HashSet<string>());

    public void SetStatusMembers(XmlRpcStruct members, IReadOnlySet<string> replaced)
    {
        lock (_lock)
            _members = new XmlRpcStruct(_members.Where(member => !replaced.Contains(member.Key)).Concat(members));
    }

    public void Dispose()
    {
        Log.Dispose();
        _folder.Dispose();
    }
}
