using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using NUnit.Framework;

namespace Buildd.Testing.Runs;

/// <summary>Waits for conditions that nothing announces: looks repeatedly, at growing intervals, until a deadline.</summary>
/// <remarks>Waiting also ends with the time that the test has; the failure then names the condition, too.</remarks>
public static class Until
{
    /// <summary>The longest wait, unless a test says otherwise: longer than anything takes on a loaded machine.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(20);

    /// <summary>Waits until a condition holds.</summary>
    /// <param name="condition">The condition.</param>
    /// <param name="deadline">The longest wait; null means <see cref="Deadline"/>.</param>
    /// <param name="more">Returns more for the failure's message, such as the output of a program.</param>
    /// <param name="text">The condition's own text, for the message.</param>
    /// <exception cref="AssertionException">It did not hold in time.</exception>
    public static Task TrueAsync(
        Func<bool> condition, TimeSpan? deadline = null, Func<string>? more = null,
        [CallerArgumentExpression(nameof(condition))] string text = "") =>
        TrueAsync(() => Task.FromResult(condition()), deadline, more, text);

    /// <inheritdoc cref="TrueAsync(Func{bool}, TimeSpan?, Func{string}?, string)"/>
    public static async Task TrueAsync(
        Func<Task<bool>> condition, TimeSpan? deadline = null, Func<string>? more = null,
        [CallerArgumentExpression(nameof(condition))] string text = "") =>
        await LookAsync(condition, holds => holds, deadline, _ => more?.Invoke() ?? "", text);

    /// <summary>Waits until the value that is seen is the right one.</summary>
    /// <param name="look">Gets the value.</param>
    /// <param name="isRight">Whether it is the right one.</param>
    /// <param name="deadline">The longest wait; null means <see cref="Deadline"/>.</param>
    /// <param name="text">The text of <paramref name="isRight"/>, for the message.</param>
    /// <returns>The right value.</returns>
    /// <exception cref="AssertionException">It was not seen in time; the message has the last value.</exception>
    public static Task<T> SeenAsync<T>(
        Func<Task<T>> look, Func<T, bool> isRight, TimeSpan? deadline = null,
        [CallerArgumentExpression(nameof(isRight))] string text = "") =>
        LookAsync(look, isRight, deadline, seen => $"The last that was seen: {seen}", text);

    private static async Task<T> LookAsync<T>(
        Func<Task<T>> look, Func<T, bool> isRight, TimeSpan? deadline, Func<T, string> describe, string text)
    {
        var longest = deadline ?? Deadline;
        var start = Stopwatch.GetTimestamp();
        var pause = FirstPause;
        T seen;
        while (!isRight(seen = await look()))
        {
            var elapsed = Stopwatch.GetElapsedTime(start);
            if (elapsed > longest || TestContext.CurrentContext.CancellationToken.IsCancellationRequested)
            {
                throw new AssertionException(string.Create(
                    CultureInfo.InvariantCulture, $"'{text}' did not hold within {elapsed.TotalSeconds:0} s. {describe(seen)}"));
            }

            await Task.Delay(pause);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }

        return seen;
    }
}
