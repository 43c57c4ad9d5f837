using System.CommandLine;
using System.Runtime.InteropServices;
using Buildd.Benchmarks;
using Buildd.Benchmarks.Harness;
using Buildd.Benchmarks.Peers;

// What some benchmarks measure runs in processes of its own.
if (args is [SimulatedSlavesProcess.Argument, .. var slaves])
    return await SimulatedSlavesProcess.RunAsync(slaves);
if (args is [PlainFetch.Argument, var from, var to])
    return await PlainFetch.RunAsync(new Uri(from), to);
if (args is [MeasuredMaster.Argument, .. var measured])
    return await MeasuredMaster.RunAsync(measured);

var programs = new PublishedPrograms();

var growth = new Growth();

// A new benchmark is one file and one entry here.
IBenchmark[] benchmarks =
[
    new StatusCalls(programs), new StatusUnderLoad(), new Codec(), new FileDownload(programs),
    new EnsurePresent(programs), new ProcessOutput(),
    new StartAndMemory(programs), new MemoryAfterLoad(programs),
    new PackageBuild(), new Replaces(), new Dispatches(), new PostgresDispatches(),
    new Listings(() => growth.MaxRows), new Environments(), new Simulation(), growth, new FetchResults(),
];

var names = new Argument<string[]>("names")
{
    Description = "The benchmarks to run (default: all, some twenty minutes on two idle cores).",
    Arity = ArgumentArity.ZeroOrMore,
    HelpName = "NAME",
};
names.Validators.Add(result =>
{
    foreach (var token in result.Tokens.Where(t => Find(t.Value) is null))
        result.AddError($"There is no benchmark '{token.Value}'; there are {string.Join(", ", benchmarks.Select(b => b.Name))}.");
});
var list = new Option<bool>("--list") { Description = "Print each benchmark's name and question, and run nothing." };
var rows = new Option<int>("--rows")
{
    Description = "How many builds the largest store of Growth and that of Listings have, for a quick look less than a million.",
    HelpName = "NUMBER",
    DefaultValueFactory = _ => growth.MaxRows,
};
var root = new RootCommand(
    "Measures Buildd against named peers, in turns, and prints a table. Run it from a Release build (make bench), on a "
    + "machine that does nothing else. Some 4 GiB of files is written to TMPDIR (default: /tmp) and removed again.")
{
    names, list, rows,
};
root.SetAction((parsed, cancellationToken) =>
{
    growth.MaxRows = parsed.GetValue(rows);
    return parsed.GetValue(list)
        ? ListAsync()
        : RunAsync(parsed.GetValue(names) is { Length: > 0 } chosen ? chosen.Select(name => Find(name)!) : benchmarks, cancellationToken);
});
return await root.Parse(args).InvokeAsync();

IBenchmark? Find(string name) => benchmarks.FirstOrDefault(b => b.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

async Task<int> ListAsync()
{
    foreach (var benchmark in benchmarks)
        await Console.Out.WriteLineAsync($"{benchmark.Name}\n    {benchmark.Question}");
    return 0;
}

static async Task<int> RunAsync(IEnumerable<IBenchmark> chosen, CancellationToken cancellationToken)
{
    // Everything here is on the loopback; a proxy would be measured with it.
    foreach (var variable in (string[])["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
        Environment.SetEnvironmentVariable(variable, null);

    // The slave logs to the console; standard output is for the table alone.
    var output = Console.Out;
    Console.SetOut(Console.Error);

    var lines = new List<string>();
    var failed = false;
    foreach (var benchmark in chosen)
    {
        await Console.Error.WriteLineAsync($"{benchmark.Name}: {benchmark.Question}");
        var folder = Directory.CreateTempSubdirectory("buildd-bench-").FullName;
        try
        {
            lines.AddRange((await benchmark.RunAsync(folder, cancellationToken)).Select(row => Table.Line(benchmark.Name, row)));
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested) // one that breaks costs its own rows only
        {
            failed = true;
            lines.Add($"| {benchmark.Name} | failed | | | |");
            await Console.Error.WriteLineAsync($"{benchmark.Name} failed: {e}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    await output.WriteLineAsync(
        $"""

        {RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores, {RuntimeInformation.FrameworkDescription}

        {Table.Heading}
        {string.Join('\n', lines)}

        {Table.Legend}
        """);
    return failed ? 1 : 0; // a missed aim is an answer, not a failure
}
