using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Buildd.Benchmarks.Harness;
using Buildd.Linux.Processes;
using Buildd.Testing.Programs;
using Buildd.Testing.Runs;

namespace Buildd.Benchmarks.Peers;

/// <summary>nginx as people serve files with: sendfile, one process per processor, no log of requests.</summary>
internal sealed class Nginx : IAsyncDisposable
{
    private readonly RunningProgram _program;

    private Nginx(RunningProgram program, Uri url)
    {
        _program = program;
        Url = url;
    }

    internal Uri Url { get; }

    /// <summary>Starts one that serves a folder; null where it is not installed.</summary>
    internal static async Task<Nginx?> StartAsync(string folder, string served, CancellationToken cancellationToken)
    {
        var program = ((string[])["/usr/sbin/nginx", "/usr/bin/nginx"]).FirstOrDefault(File.Exists);
        if (program is null)
            return null;

        var port = FreePort();
        var home = Directory.CreateDirectory(Path.Combine(folder, "nginx")).FullName;
        var configuration = Path.Combine(home, "nginx.conf");
        await File.WriteAllTextAsync(
            configuration,
            string.Create(CultureInfo.InvariantCulture, $$"""
            daemon off;
            worker_processes auto;
            pid {{home}}/pid;
            error_log stderr;
            {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
            events { worker_connections 256; }
            http {
                access_log off;
                sendfile on;
                tcp_nopush on;
                client_body_temp_path {{home}}/body;
                proxy_temp_path {{home}}/proxy;
                fastcgi_temp_path {{home}}/fastcgi;
                uwsgi_temp_path {{home}}/uwsgi;
                scgi_temp_path {{home}}/scgi;
                server {
                    listen 127.0.0.1:{{port}};
                    location / { root {{served}}; }
                }
            }
            """),
            cancellationToken);
        var command = Command.Of(program, "-p", home, "-c", configuration);
        var nginx = new Nginx(RunningProgram.Start(command), new Uri($"http://127.0.0.1:{port}/"));
        await Until.TrueAsync(async () => nginx._program.Ended.IsCompleted || await AnswersAsync(port, cancellationToken));
        if (!nginx._program.Ended.IsCompleted)
            return nginx;
        await nginx.DisposeAsync();
        throw new BenchmarkException($"nginx did not start: {nginx._program.Output}");
    }

    /// <summary>A port that nothing listened on a moment ago.</summary>
    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public ValueTask DisposeAsync() => _program.DisposeAsync();

    private static async Task<bool> AnswersAsync(int port, CancellationToken cancellationToken)
    {
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
