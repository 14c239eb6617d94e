/* A program that does nothing: its libraries do. */
int main(void)
{
    return 0;
}
