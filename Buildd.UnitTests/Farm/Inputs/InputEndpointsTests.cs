using System.Net;
using System.Net.Http.Headers;
using Buildd.Farm;
using Buildd.Farm.Inputs;
using Buildd.Testing.Files;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Inputs;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class InputEndpointsTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly HttpClient _http = new();

    public void Dispose()
    {
        _http.Dispose();
        _folder.Dispose();
    }

    [Test]
    public async Task What_would_leave_the_store_no_room_is_not_taken_in()
    {
        await File.WriteAllTextAsync(_folder["file"], "12345");
        var inputs = new InputStore(_folder["inputs"], _ => (64 << 20) + 4);

        await Assert.ThatAsync(
            () => inputs.AddAsync(_folder["file"], expected: null, default),
            Throws.TypeOf<FarmException>().With.Message.Contains("can't be taken in: it has 5 bytes")
                .And.Message.Contains("buildd-farm prune"));
        Assert.That(Directory.GetFiles(_folder["inputs"], "*", SearchOption.AllDirectories), Is.Empty);
    }

    [Test]
    public async Task Serves_what_was_taken_in_by_its_sum_whole_or_from_some_byte_on()
    {
        await File.WriteAllTextAsync(_folder["file"], "0123456789");
        var inputs = new InputStore(_folder["inputs"]);
        var stored = await inputs.AddAsync(_folder["file"], null, default);
        await using var server = await StartAsync(inputs);
        var url = new Uri(server.Address, $"{stored.Sha1}/any%20name");

        Assert.That(await _http.GetStringAsync(url), Is.EqualTo("0123456789"));
        using var rest = new HttpRequestMessage(HttpMethod.Get, url);
        rest.Headers.Range = new RangeHeaderValue(4, null);
        rest.Headers.IfRange = new RangeConditionHeaderValue($"\"{stored.Sha1}\"");
        using var answer = await _http.SendAsync(rest);
        Assert.That((answer.StatusCode, await answer.Content.ReadAsStringAsync()), Is.EqualTo((HttpStatusCode.PartialContent, "456789")));
        using var head = await _http.SendAsync(new HttpRequestMessage(HttpMethod.Head, url));
        Assert.That(head.Content.Headers.ContentLength, Is.EqualTo(10));
    }

    [TestCase("/")]
    [TestCase("/arriving/x")]
    [TestCase("/..%2f..%2fetc%2fpasswd/x")]
    [TestCase("/0000000000000000000000000000000000000000/x")]
    [TestCase("/DA39A3EE5E6B4B0D3255BFEF95601890AFD80709/x")]
    [TestCase("/da39a3ee5e6b4b0d3255bfef95601890afd80709/x/y")]
    public async Task Whatever_else_is_asked_for_is_not_there(string path)
    {
        await File.WriteAllTextAsync(_folder["file"], "");
        var inputs = new InputStore(_folder["inputs"]);
        await inputs.AddAsync(_folder["file"], null, default);
        await using var server = await StartAsync(inputs);

        using var answer = await _http.GetAsync(new Uri(server.Address, path));

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    [Test]
    public async Task What_a_killed_command_left_half_taken_in_goes_after_a_day()
    {
        var inputs = new InputStore(_folder["inputs"]);
        Assert.That(inputs.RemoveLeftovers(TimeProvider.System), Is.Zero, "there is no folder yet");
        Directory.CreateDirectory(_folder["inputs/arriving"]);
        foreach (var name in (string[])["old.tmp", "young.tmp"])
            await File.WriteAllTextAsync(_folder[$"inputs/arriving/{name}"], "half");
        File.SetLastWriteTimeUtc(_folder["inputs/arriving/old.tmp"], DateTime.UtcNow.AddDays(-2));

        Assert.That(inputs.RemoveLeftovers(TimeProvider.System), Is.EqualTo(1));
        Assert.That(Directory.GetFiles(_folder["inputs/arriving"]), Is.EqualTo([_folder["inputs/arriving/young.tmp"]]));
    }

    private static async Task<Server> StartAsync(InputStore inputs)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var application = builder.Build();
        application.MapInputs(inputs);
        await application.StartAsync();
        return new Server(application);
    }

    private sealed class Server(WebApplication application) : IAsyncDisposable
    {
        internal Uri Address => new(application.Urls.First());

        public ValueTask DisposeAsync() => application.DisposeAsync();
    }
}
