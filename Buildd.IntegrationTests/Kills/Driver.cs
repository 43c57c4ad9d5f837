using System.Buffers;
using System.Text;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;

namespace Buildd.IntegrationTests.Kills;

/// <summary>How far a master got before its slave was gone: what it was told, the slave has to remember.</summary>
internal enum Stage
{
    /// <summary>Nothing was asked.</summary>
    Idle,

    /// <summary><c>build</c> was sent, and no answer came: it may have been accepted or not.</summary>
    AskedToBuild,

    /// <summary>The slave said that it builds.</summary>
    Building,

    /// <summary>The slave said that the build has ended.</summary>
    Waiting,

    /// <summary><c>clean</c> was sent, and no answer came.</summary>
    AskedToClean,

    /// <summary>The slave said that it is idle again.</summary>
    Cleaned,
}

/// <summary>A master that drives one build from beginning to end, until its slave is gone.</summary>
internal sealed class Driver(KillableSlave slave, string chroot, bool abort)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(15);

    internal Stage Stage { get; private set; }

    /// <summary>The answer that said that the build has ended, as it was on the wire but for what may differ.</summary>
    internal string? Waiting { get; private set; }

    internal async Task RunAsync()
    {
        try
        {
            Stage = Stage.AskedToBuild;
            var reply = await slave.BuildAsync(chroot, CancellationToken.None);
            if (reply.Answer != BuildAnswer.Building)
                throw new InvalidOperationException($"the build was not taken: {reply}");
            Stage = Stage.Building;

            var polls = 0;
            StatusReply status;
            while ((status = await slave.Client.StatusAsync()).Status != BuilderStatus.Waiting)
            {
                if (abort && polls++ == 5)
                    await slave.Client.AbortAsync();
                await Task.Delay(PollInterval);
            }

            Waiting = Written(status);
            Stage = Stage.Waiting;
            Stage = Stage.AskedToClean;
            await slave.Client.CleanAsync();
            Stage = Stage.Cleaned;
        }
        catch (SlaveException) when (Stage is not Stage.Cleaned)
        {
            // gone, as wanted; whoever kills it checks that it is
        }
    }

    internal static string Written(StatusReply status)
    {
        var output = new ArrayBufferWriter<byte>();
        XmlRpcWriter.WriteResponse(output, status.ToXmlRpc());
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
